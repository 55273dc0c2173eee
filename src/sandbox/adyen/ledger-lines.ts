import type { MovementType, Payment } from './payment.ts';

/** One payment's sums in Adyen's minor units, in the shape in which the other stand-in tells its own. */
export type LedgerLine = {
  readonly account: string;
  readonly psp_reference: string;
  readonly reference: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly amount: number;
  readonly currency: string;
  readonly state: string;
  readonly idempotency_keys: readonly string[];
  readonly authorised: number;
  readonly captured: number;
  /** What was cancelled, released by a final capture, or expired. */
  readonly voided: number;
  readonly refunded: number;
  readonly charged_back: number;
  /** Every success by itself, so that a second one cannot hide in a sum. */
  readonly authorisations: readonly number[];
  readonly captures: readonly number[];
  readonly refunds: readonly number[];
  readonly declines: number;
};

export function ledgerLine(payment: Payment): LedgerLine {
  const { state, movements } = payment;
  const each = (type: MovementType) => movements.filter((m) => m.type === type).map((m) => m.value);
  const resultCode = state.is === 'concluded' ? state.conclusion.resultCode : '';
  const keys = [payment.idempotencyKey, ...movements.map((movement) => movement.idempotencyKey)];
  return {
    account: payment.merchantAccount,
    psp_reference: payment.pspReference,
    reference: payment.reference,
    metadata: payment.metadata,
    amount: payment.amount.value,
    currency: payment.amount.currency,
    state: state.is === 'concluded' ? resultCode : state.is,
    idempotency_keys: [...new Set(keys.filter((key) => key !== ''))],
    authorised: payment.authorised,
    captured: payment.captured,
    voided: payment.cancelled,
    refunded: payment.refunded,
    charged_back: payment.chargedBack,
    authorisations: each('authorised'),
    captures: without(each('captured'), each('capture_failed')),
    refunds: without(each('refunded'), [...each('refund_failed'), ...each('refund_reversed')]),
    declines: ['Refused', 'Error', 'Cancelled'].includes(resultCode) ? 1 : 0,
  };
}

/** The first list without one occurrence of each value of the second. */
function without(values: readonly number[], gone: readonly number[]): number[] {
  const left = [...values];
  for (const value of gone) {
    const place = left.indexOf(value);
    if (place >= 0) left.splice(place, 1);
  }
  return left;
}
