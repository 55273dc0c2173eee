import type { CardFacts } from '../domain/payment/outcome.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import type { ObservedSignals, Signals } from '../domain/risk/signals.ts';

/** Everything that is known about a purchase: what the checkout holds, and over it what was observed now. */
export function signalsOf({ checkout }: Purchase, { basket, ...observed }: ObservedSignals): Signals {
  const { buyer } = checkout;
  const account = {
    ...(buyer.reference === undefined ? {} : { id: buyer.reference }),
    ...(buyer.accountCreatedAt === undefined ? {} : { createdAt: buyer.accountCreatedAt }),
    ...observed.account,
  };
  return {
    ...(buyer.email === undefined ? {} : { email: buyer.email }),
    ...(buyer.name === undefined ? {} : { name: buyer.name }),
    ...(buyer.phone === undefined ? {} : { phone: buyer.phone }),
    ...(buyer.billing === undefined ? {} : { billing: buyer.billing }),
    ...(buyer.shipping === undefined ? {} : { shipping: buyer.shipping }),
    ...observed,
    ...(Object.keys(account).length === 0 ? {} : { account }),
    order: { ...basket, total: checkout.total },
  };
}

/** The same signals with what the PSP told about the card, so that the next try can be counted against it. */
export function withCard(signals: Signals, card: CardFacts): Signals {
  const { fingerprint, bin, country, funding } = card;
  const told = Object.fromEntries(
    Object.entries({ fingerprint, bin, country, funding }).filter(([, value]) => value !== undefined),
  );
  return { ...signals, card: { ...signals.card, ...told } };
}
