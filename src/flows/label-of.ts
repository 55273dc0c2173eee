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

/**
 * Tells the counters who the buyer turned out to be. A purchase counts once, whoever says the same again: a report by the
 * issuer, the dispute that follows and the refund are one fraud.
 */
export async function observeLabels(
  { risk, store }: Pick<Deps, 'risk' | 'store'>,
  purchase: Purchase,
  labels: readonly Label[],
): Promise<void> {
  if (labels.length === 0) return;
  const { merchantId, id } = purchase.checkout;
  const attempts = purchase.sale?.attempts ?? [];
  const paid = attempts.find((each) => each.state === 'authorized');
  const assessmentId = (paid ?? attempts.at(-1))?.request.assessmentId;
  // Everything is stored already: what cannot be read makes counts lower, and nothing else.
  const [all, assessment] = await Promise.all([
    store.labels.ofPurchase(merchantId, id),
    assessmentId === undefined ? null : store.assessments.find(merchantId, assessmentId),
  ]).catch(() => [[], null] as const);
  const signals = signalsOf(purchase, {});
  for (const label of labels) {
    const place = all.findIndex((each) => each.id === label.id);
    const before = verdictOf(all.slice(0, place));
    const now = verdictOf(all.slice(0, place + 1));
    // Not there: it was said before in the same words.
    if (place === -1 || now === null || now === before) continue;
    risk.observe({
      merchantId,
      at: label.knownAt,
      signals: paid?.state === 'authorized' ? withCard(signals, paid.card) : signals,
      // Only the assessment still knows device and network.
      judged: assessment?.entities ?? {},
      what: 'labelled',
      fraud: now,
      overrules: before !== null,
      happenedAt: label.happenedAt,
    });
  }
}

/** What is known of a purchase: what became known last. */
function verdictOf(labels: readonly Label[]): boolean | null {
  return (
    labels.reduce<Label | null>((last, each) => (last && last.knownAt > each.knownAt ? last : each), null)
      ?.fraud ?? null
  );
}

function happenedAt({ checkout, sale }: Purchase): Instant {
  const attempt = sale?.attempts.findLast((each) => each.state === 'authorized') ?? sale?.attempts.at(-1);
  return attempt?.request.happenedAt ?? attempt?.createdAt ?? checkout.createdAt;
}
