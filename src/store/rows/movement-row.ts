import { unreachable } from '../../kernel/unreachable.ts';
import { z } from 'zod';
import type { Checkout } from '../../domain/checkout/checkout.ts';
import { type Movement, isMoving } from '../../domain/payment/movement.ts';
import { paymentIdOf } from '../../domain/purchase/purchase.ts';
import { money } from '../../kernel/money.ts';
import { type Row, table } from '../table.ts';
import { currency, id, instant, minorUnits, toTimestamp } from './columns.ts';

export const movements = table('movements', {
  merchant_id: 'text',
  checkout_id: 'text',
  id: 'text',
  attempt_id: 'text',
  kind: 'text',
  state: 'text',
  amount: 'bigint',
  currency: 'text',
  psp_key: 'text',
  psp_reference: 'text',
  final: 'boolean',
  stray: 'boolean',
  reason: 'text',
  cause: 'text',
  reversed: 'boolean',
  said_amount: 'bigint',
  said_currency: 'text',
  ask_at: 'timestamptz',
  asked: 'integer',
  created_at: 'timestamptz',
  changed_at: 'timestamptz',
});

/** One movement as JSON, from `movements as m`; amounts as text, because JSON numbers are not for money. */
export const movementJson = `json_build_object('id', m.id, 'attempt_id', m.attempt_id, 'kind', m.kind, 'state', m.state,
  'amount', m.amount::text, 'currency', m.currency, 'psp_key', m.psp_key, 'psp_reference', m.psp_reference,
  'final', m.final, 'stray', m.stray, 'reason', m.reason, 'cause', m.cause, 'reversed', m.reversed,
  'said_amount', m.said_amount::text, 'said_currency', m.said_currency, 'created_at', m.created_at,
  'changed_at', m.changed_at)`;

const common = {
  id: id('mov'),
  attempt_id: id('att'),
  kind: z.enum(['capture', 'void', 'refund', 'increment']),
  amount: minorUnits,
  currency,
  psp_key: z.string(),
  final: z.boolean(),
  stray: z.boolean(),
  reason: z.enum(['requested_by_customer', 'duplicate', 'fraudulent', 'other']).nullable(),
  created_at: instant,
  changed_at: instant,
};

const movementRow = z.discriminatedUnion('state', [
  z.object({ ...common, state: z.literal('prepared') }),
  z.object({ ...common, state: z.literal('pending'), psp_reference: z.string() }),
  z.object({ ...common, state: z.literal('unknown'), cause: z.string() }),
  z.object({ ...common, state: z.literal('succeeded'), psp_reference: z.string() }),
  z.object({ ...common, state: z.literal('failed'), cause: z.string(), reversed: z.boolean() }),
  z.object({
    ...common,
    state: z.literal('quarantined'),
    psp_reference: z.string(),
    cause: z.string(),
    said_amount: minorUnits.nullable(),
    said_currency: currency.nullable(),
  }),
]);

export function toMovementRow(
  checkout: Checkout,
  movement: Movement,
  askAt: number,
): Row<keyof typeof movements.types> {
  const said = movement.state === 'quarantined' ? movement.said : undefined;
  return {
    merchant_id: checkout.merchantId,
    checkout_id: checkout.id,
    id: movement.id,
    attempt_id: movement.attemptId,
    kind: movement.kind,
    state: movement.state,
    amount: movement.amount.amount,
    currency: movement.amount.currency,
    psp_key: movement.pspKey,
    psp_reference: 'pspReference' in movement ? movement.pspReference : null,
    final: movement.final,
    stray: movement.stray,
    reason: movement.reason ?? null,
    cause: 'cause' in movement ? movement.cause : null,
    reversed: movement.state === 'failed' && movement.reversed,
    said_amount: said?.amount ?? null,
    said_currency: said?.currency ?? null,
    ask_at: isMoving(movement) ? toTimestamp(askAt) : null,
    asked: 0,
    created_at: toTimestamp(movement.createdAt),
    changed_at: toTimestamp(movement.changedAt),
  };
}

export function fromMovementRow(checkout: Checkout, row: unknown): Movement {
  const read = movementRow.parse(row);
  const base = {
    id: read.id,
    paymentId: paymentIdOf(checkout.id),
    attemptId: read.attempt_id,
    kind: read.kind,
    amount: money(read.amount, read.currency),
    pspKey: read.psp_key,
    final: read.final,
    stray: read.stray,
    ...(read.reason === null ? {} : { reason: read.reason }),
    createdAt: read.created_at,
    changedAt: read.changed_at,
  };
  switch (read.state) {
    case 'prepared':
      return { ...base, state: read.state };
    case 'pending':
    case 'succeeded':
      return { ...base, state: read.state, pspReference: read.psp_reference };
    case 'unknown':
      return { ...base, state: read.state, cause: read.cause };
    case 'failed':
      return { ...base, state: read.state, cause: read.cause, reversed: read.reversed };
    case 'quarantined':
      return {
        ...{ ...base, state: read.state, pspReference: read.psp_reference, cause: read.cause },
        ...(read.said_amount === null || read.said_currency === null
          ? {}
          : { said: money(read.said_amount, read.said_currency) }),
      };
    default:
      return unreachable(read);
  }
}
