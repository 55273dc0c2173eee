import type { Purchase } from '../domain/purchase/purchase.ts';
import type { Label, LabelFact } from '../domain/risk/label.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Deps } from './deps.ts';
import { signalsOf, withCard } from './signals-of.ts';

/** A fact as a label of this purchase. */
export function labelOf(
  { newId }: Pick<Deps, 'newId'>,
  { checkout, sale }: Purchase,
  fact: LabelFact,
  knownAt: Instant,
): Label {
  return {
    ...fact,
    id: newId('lab'),
    merchantId: checkout.merchantId,
    checkoutId: checkout.id,
    happenedAt: happenedAt({ checkout, ...(sale === undefined ? {} : { sale }) }),
    knownAt,
  };
}

/** Tells the counters who the buyer turned out to be. */
export function observeLabel({ risk }: Pick<Deps, 'risk'>, purchase: Purchase, label: Label): void {
  const paid = purchase.sale?.attempts.find((each) => each.state === 'authorized');
  const signals = signalsOf(purchase, {});
  risk.observe({
    merchantId: label.merchantId,
    at: label.knownAt,
    signals: paid?.state === 'authorized' ? withCard(signals, paid.card) : signals,
    what: 'labelled',
    fraud: label.fraud,
    happenedAt: label.happenedAt,
  });
}

function happenedAt({ checkout, sale }: Purchase): Instant {
  const attempt = sale?.attempts.findLast((each) => each.state === 'authorized') ?? sale?.attempts.at(-1);
  return attempt?.request.happenedAt ?? attempt?.createdAt ?? checkout.createdAt;
}
