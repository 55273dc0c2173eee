import type { z } from 'zod';
import type { Attempt } from '../../domain/payment/attempt.ts';
import type { Purchase } from '../../domain/purchase/purchase.ts';
import type { Money } from '../../kernel/money.ts';
import type { contradiction } from '../codec/payment.ts';

type Contradiction = z.input<typeof contradiction>;

/** Everything that PSPs said of a purchase and that cannot be, as a person has to see it. */
export function toWireContradictions({ sale }: Purchase): Contradiction[] {
  if (sale === undefined) return [];
  const attempts = sale.attempts.flatMap((each): Contradiction[] => {
    if (each.state !== 'quarantined') return [];
    const { said, cause, pspReference } = each;
    const named = {
      subject: each.id,
      kind: 'authorization' as const,
      because: cause,
      psp_reference: pspReference ?? null,
    };
    const amounts = { expected: shown(each.request.amount), said: maybeShown(said?.amount) };
    return [{ ...named, ...accountOf(each), ...amounts, said_captured: maybeShown(said?.captured) }];
  });
  const movements = sale.movements.flatMap((each): Contradiction[] => {
    const attempt = sale.attempts.find(({ id }) => id === each.attemptId);
    if (each.state !== 'quarantined' || attempt === undefined) return [];
    const named = {
      subject: each.id,
      kind: each.kind,
      because: each.cause,
      psp_reference: each.pspReference,
    };
    const amounts = { expected: shown(each.amount), said: maybeShown(each.said), said_captured: null };
    return [{ ...named, ...accountOf(attempt), ...amounts }];
  });
  return [...attempts, ...movements];
}

function accountOf({ psp, pspAccount }: Attempt) {
  return { psp, psp_account: pspAccount };
}

function shown(money: Money) {
  return { amount: Number(money.amount), currency: money.currency };
}

function maybeShown(money: Money | undefined) {
  return money === undefined ? null : shown(money);
}
