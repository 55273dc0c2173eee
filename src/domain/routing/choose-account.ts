import type { Currency, Money } from '../../kernel/money.ts';
import type { PspAccountRef } from '../payment/witness.ts';

/** One line of policies/routing.yaml: the first rule whose every condition holds decides. */
export type RoutingRule = {
  readonly id: string;
  readonly when: RoutingCondition;
  /** The first of them takes the payment, the others wait for a failover, in this order. */
  readonly to: readonly PspAccountRef[];
};

/** A condition that is left out holds for every payment. */
export type RoutingCondition = {
  readonly currency?: readonly Currency[];
  /** ISO 3166-1 alpha-2 of the issuer where it is known, of the billing address otherwise. */
  readonly country?: readonly string[];
  /** The beginning of the card number, up to eight digits. */
  readonly bin?: readonly string[];
  /** Minor units of the payment's currency, both ends included. */
  readonly amount?: { readonly from?: bigint; readonly to?: bigint };
  /** Of all checkouts, how many in a hundred. */
  readonly share?: number;
};

/** What routing may read of a payment. */
export type Routable = {
  readonly checkoutId: string;
  readonly total: Money;
  readonly country?: string;
  readonly bin?: string;
};

export type RoutableAccount = PspAccountRef & {
  /** The buyer's payment method is known there. */
  readonly takesMethod: boolean;
  /** Its circuit is open: it has not answered of late. */
  readonly rests: boolean;
};

export type ChosenAccount = PspAccountRef & { readonly because: string };

/**
 * The accounts that can take a payment, best first: the first one is called, the others are for a failover. Says of
 * every choice why, and which better account was passed over.
 *
 * An account that rests comes last of all, because trying it is still better than refusing the sale.
 */
export function chooseAccount(
  rules: readonly RoutingRule[],
  payment: Routable,
  accounts: readonly RoutableAccount[],
): readonly ChosenAccount[] {
  const rule = rules.find(({ when }) => holds(when, payment));
  const preferred =
    rule === undefined ? accounts : rule.to.flatMap((name) => accounts.filter((each) => isSame(each, name)));
  const taking = preferred.filter(({ takesMethod }) => takesMethod);
  const resting = taking.filter(({ rests }) => rests);
  const first = rule === undefined ? whyFirst(accounts) : `rule ${rule.id}`;
  const passed = resting.map((each) => `${nameOf(each)} does not answer of late`);
  return [...taking.filter(({ rests }) => !rests), ...resting].map(({ psp, account, rests }) => ({
    psp,
    account,
    because: rests ? `${first}, although it does not answer of late` : [first, ...passed].join('; '),
  }));
}

function whyFirst(accounts: readonly RoutableAccount[]): string {
  return accounts.length === 1 ? 'the only PSP account' : 'the first PSP account';
}

function holds(when: RoutingCondition, payment: Routable): boolean {
  const { amount, currency } = payment.total;
  return (
    (when.currency?.includes(currency) ?? true) &&
    (when.country === undefined ||
      (payment.country !== undefined && when.country.includes(payment.country))) &&
    (when.bin?.some((prefix) => payment.bin?.startsWith(prefix)) ?? true) &&
    amount >= (when.amount?.from ?? 0n) &&
    (when.amount?.to === undefined || amount <= when.amount.to) &&
    (when.share === undefined || percentileOf(payment.checkoutId) < when.share)
  );
}

/** 0 up to 100, the same for a checkout whenever it is asked: a second try does not change sides. FNV-1a. */
export function percentileOf(checkoutId: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < checkoutId.length; index += 1) {
    hash = Math.imul(hash ^ checkoutId.charCodeAt(index), 0x01000193);
  }
  return ((hash >>> 0) % 10_000) / 100;
}

function isSame(a: PspAccountRef, b: PspAccountRef): boolean {
  return a.psp === b.psp && a.account === b.account;
}

function nameOf({ psp, account }: PspAccountRef): string {
  return `${psp}/${account}`;
}
