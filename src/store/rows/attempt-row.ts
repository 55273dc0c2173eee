import { unreachable } from '../../kernel/unreachable.ts';
import { z } from 'zod';
import type { Checkout } from '../../domain/checkout/checkout.ts';
import type { Attempt, AttemptRequest } from '../../domain/payment/attempt.ts';
import { isLive } from '../../domain/payment/attempt.ts';
import type { Authorization } from '../../domain/payment/outcome.ts';
import { paymentIdOf } from '../../domain/purchase/purchase.ts';
import { type Currency, type Money, money } from '../../kernel/money.ts';
import { type Row, table } from '../table.ts';
import { currency, id, instant, minorUnits, toTimestamp, written } from './columns.ts';

export const attempts = table('attempts', {
  merchant_id: 'text',
  checkout_id: 'text',
  id: 'text',
  state: 'text',
  psp: 'text',
  psp_account: 'text',
  psp_reference: 'text',
  amount: 'bigint',
  currency: 'text',
  request: 'jsonb',
  detail: 'jsonb',
  ask_at: 'timestamptz',
  asked: 'integer',
  created_at: 'timestamptz',
  changed_at: 'timestamptz',
});

/** One attempt as JSON, from `attempts as a`; amounts as text, because JSON numbers are not for money. */
export const attemptJson = `json_build_object('id', a.id, 'state', a.state, 'psp', a.psp, 'psp_account', a.psp_account,
  'psp_reference', a.psp_reference, 'amount', a.amount::text, 'currency', a.currency, 'request', a.request,
  'detail', a.detail, 'created_at', a.created_at, 'changed_at', a.changed_at)`;

const common = {
  id: id('att'),
  psp: z.enum(['stripe', 'adyen']),
  psp_account: z.string(),
  amount: minorUnits,
  currency,
  request: written<Omit<AttemptRequest, 'amount'>>(),
  created_at: instant,
  changed_at: instant,
};

type Detail<State extends Attempt['state']> = Omit<
  Extract<Attempt, { state: State }>,
  keyof AttemptBase | 'pspReference'
>;
type AttemptBase = Pick<
  Attempt,
  'id' | 'paymentId' | 'psp' | 'pspAccount' | 'request' | 'createdAt' | 'changedAt' | 'state'
>;

/** JSON numbers are not for money. */
type WrittenMoney = { readonly amount: string; readonly currency: Currency };
type WrittenAuthorization = Omit<Authorization, 'amount' | 'captured'> & {
  readonly amount: WrittenMoney;
  readonly captured?: WrittenMoney;
};

const heard = z.string();
const maybeHeard = z.string().nullable();

const attemptRow = z.discriminatedUnion('state', [
  z.object({ ...common, state: z.literal('prepared') }),
  z.object({
    ...common,
    state: z.literal('requires_action'),
    psp_reference: heard,
    detail: written<Detail<'requires_action'>>(),
  }),
  z.object({ ...common, state: z.literal('pending'), psp_reference: heard }),
  z.object({
    ...common,
    state: z.literal('unknown'),
    psp_reference: maybeHeard,
    detail: written<Detail<'unknown'>>(),
  }),
  z.object({
    ...common,
    state: z.literal('authorized'),
    psp_reference: heard,
    detail: written<Omit<Detail<'authorized'>, 'amount'> & { amount?: WrittenMoney }>(),
  }),
  z.object({
    ...common,
    state: z.literal('declined'),
    psp_reference: maybeHeard,
    detail: written<Detail<'declined'>>(),
  }),
  z.object({ ...common, state: z.literal('failed'), detail: written<Detail<'failed'>>() }),
  z.object({ ...common, state: z.literal('canceled'), psp_reference: maybeHeard }),
  z.object({
    ...common,
    state: z.literal('quarantined'),
    psp_reference: maybeHeard,
    detail: written<Omit<Detail<'quarantined'>, 'said'> & { said?: WrittenAuthorization }>(),
  }),
]);

export function toAttemptRow(
  checkout: Checkout,
  attempt: Attempt,
  askAt: number,
): Row<keyof typeof attempts.types> {
  const { id, psp, pspAccount, request, createdAt, changedAt, state } = attempt;
  const { amount, ...call } = request;
  return {
    merchant_id: checkout.merchantId,
    checkout_id: checkout.id,
    id,
    state,
    psp,
    psp_account: pspAccount,
    psp_reference: 'pspReference' in attempt ? (attempt.pspReference ?? null) : null,
    amount: amount.amount,
    currency: amount.currency,
    request: JSON.stringify(call),
    detail: JSON.stringify(detailOf(attempt)),
    ask_at: isLive(attempt) ? toTimestamp(askAt) : null,
    // What has just changed is asked about as soon and as often as what is new.
    asked: 0,
    created_at: toTimestamp(createdAt),
    changed_at: toTimestamp(changedAt),
  };
}

export function fromAttemptRow(checkout: Checkout, row: unknown): Attempt {
  const read = attemptRow.parse(row);
  const base = {
    id: read.id,
    paymentId: paymentIdOf(checkout.id),
    psp: read.psp,
    pspAccount: read.psp_account,
    request: { ...read.request, amount: money(read.amount, read.currency) },
    createdAt: read.created_at,
    changedAt: read.changed_at,
  };
  switch (read.state) {
    case 'prepared':
      return { ...base, state: read.state };
    case 'failed':
      return { ...base, ...read.detail, state: read.state };
    case 'pending':
      return { ...base, state: read.state, pspReference: read.psp_reference };
    case 'canceled':
      return { ...base, state: read.state, ...reference(read.psp_reference) };
    case 'unknown':
      return { ...base, ...read.detail, state: read.state, ...reference(read.psp_reference) };
    case 'declined':
      return { ...base, ...read.detail, state: read.state, ...reference(read.psp_reference) };
    case 'requires_action':
      return { ...base, ...read.detail, state: read.state, pspReference: read.psp_reference };
    case 'authorized': {
      const { amount, ...detail } = read.detail;
      const other = amount === undefined ? {} : { amount: fromWritten(amount) };
      return { ...base, ...detail, ...other, state: read.state, pspReference: read.psp_reference };
    }
    case 'quarantined': {
      const { said, ...detail } = read.detail;
      const words = said === undefined ? {} : { said: fromWrittenAuthorization(said) };
      return { ...base, ...detail, ...words, state: read.state, ...reference(read.psp_reference) };
    }
    default:
      return unreachable(read);
  }
}

/** What is true in this state only, beside the PSP's reference. */
function detailOf(attempt: Attempt): object {
  switch (attempt.state) {
    case 'prepared':
    case 'pending':
    case 'canceled':
      return {};
    case 'unknown':
    case 'failed':
      return { cause: attempt.cause };
    case 'quarantined': {
      const { cause, unheard, said } = attempt;
      return {
        cause,
        ...(unheard === undefined ? {} : { unheard }),
        ...(said === undefined ? {} : { said: toWrittenAuthorization(said) }),
      };
    }
    case 'requires_action':
      return { action: attempt.action };
    case 'declined':
      return { decline: attempt.decline };
    case 'authorized': {
      const { card, authentication, amount } = attempt;
      return { card, authentication, ...(amount === undefined ? {} : { amount: toWritten(amount) }) };
    }
    default:
      return unreachable(attempt);
  }
}

function toWritten({ amount, currency }: Money): WrittenMoney {
  return { amount: amount.toString(), currency };
}

function fromWritten({ amount, currency }: WrittenMoney): Money {
  return money(BigInt(amount), currency);
}

function toWrittenAuthorization({ amount, captured, ...said }: Authorization): WrittenAuthorization {
  const taken = captured === undefined ? {} : { captured: toWritten(captured) };
  return { ...said, amount: toWritten(amount), ...taken };
}

function fromWrittenAuthorization({ amount, captured, ...said }: WrittenAuthorization): Authorization {
  const taken = captured === undefined ? {} : { captured: fromWritten(captured) };
  return { ...said, amount: fromWritten(amount), ...taken };
}

function reference(pspReference: string | null) {
  return pspReference === null ? {} : { pspReference };
}
