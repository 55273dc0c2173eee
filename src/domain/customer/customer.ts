import type { CustomerId, MerchantId, PaymentMethodId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import { unreachable } from '../../kernel/unreachable.ts';
import type { PspName } from '../payment/attempt.ts';
import type { Decline } from '../payment/decline.ts';
import type { CardFacts, NextAction } from '../payment/outcome.ts';

/** Whom a shop sells to more than once. Personal data stay with the shop: here is only what it calls the customer. */
export type Customer = {
  readonly id: CustomerId;
  readonly merchantId: MerchantId;
  readonly reference: string | null;
  readonly createdAt: Instant;
};

/** A payment method kept at one PSP account for one customer, to be used without the card at hand. */
export type PaymentMethod = {
  readonly id: PaymentMethodId;
  readonly merchantId: MerchantId;
  readonly customerId: CustomerId;
  readonly psp: PspName;
  readonly pspAccount: string;
  /** The PSP's own id of the customer. */
  readonly pspCustomer: string | null;
  readonly pspReference: string | null;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
} & PaymentMethodState;

export type PaymentMethodState =
  /** Enters: the issuer wants the buyer, or the PSP was not heard. Leaves: the shop completes the set-up. */
  | { readonly state: 'pending'; readonly action: NextAction | null }
  /** It can be paid with. Leaves: the customer removes it. */
  | { readonly state: 'stored'; readonly token: string; readonly card: CardFacts }
  | { readonly state: 'declined'; readonly decline: Decline }
  /** Nobody pays with it any more. `token` is what the PSP still keeps, until a worker has had it forgotten. */
  | { readonly state: 'removed'; readonly token: string | null };

export type RemovedMethod = PaymentMethod & { readonly state: 'removed' };

/** What a PSP said about keeping a method, which moves no money. */
export type SetupOutcome =
  | {
      readonly kind: 'stored';
      readonly pspReference: string;
      readonly pspCustomer: string;
      readonly token: string;
      readonly card: CardFacts;
    }
  | {
      readonly kind: 'requires_action';
      readonly pspReference: string;
      readonly pspCustomer: string;
      readonly action: NextAction;
    }
  | { readonly kind: 'declined'; readonly decline: Decline }
  | { readonly kind: 'unknown'; readonly cause: string }
  | { readonly kind: 'not_sent'; readonly cause: string };

/** What a PSP said about forgetting a method. */
export type DetachOutcome =
  /** It keeps the method no longer, or never did. */
  { readonly kind: 'detached' } | { readonly kind: 'unknown' | 'not_sent'; readonly cause: string };

/** Applies what the PSP said. A method that is stored, declined or removed is settled: later news change nothing. */
export function concludeSetup(method: PaymentMethod, outcome: SetupOutcome, at: Instant): PaymentMethod {
  if (method.state !== 'pending') return method;
  const { id, merchantId, customerId, psp, pspAccount, createdAt } = method;
  const base = { id, merchantId, customerId, psp, pspAccount, createdAt, changedAt: at };
  const { pspCustomer, pspReference } = method;
  switch (outcome.kind) {
    case 'stored': {
      const { token, card } = outcome;
      const names = { pspCustomer: outcome.pspCustomer, pspReference: outcome.pspReference };
      return { ...base, ...names, state: 'stored', token, card };
    }
    case 'requires_action': {
      const names = { pspCustomer: outcome.pspCustomer, pspReference: outcome.pspReference };
      return { ...base, ...names, state: 'pending', action: outcome.action };
    }
    case 'declined':
      return { ...base, pspCustomer, pspReference, state: 'declined', decline: outcome.decline };
    case 'unknown':
    case 'not_sent':
      return method;
    default:
      return unreachable(outcome);
  }
}
