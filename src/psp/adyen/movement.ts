import type { ModificationsApi } from '@adyen/api-library/lib/src/services/checkout/modificationsApi.js';
import models from '@adyen/api-library/lib/src/typings/checkout/models.js';
import { z } from 'zod';
import type { RefundReason } from '../../domain/payment/movement.ts';
import type { MovementOutcome } from '../../domain/payment/outcome.ts';
import { unreachable } from '../../kernel/unreachable.ts';
import { adyenExponents, toPspAmount } from '../currency-exponents.ts';
import type { MovementSubject } from '../psp.ts';
import { movementToReference } from './reference.ts';

const receivedSchema = z.object({
  pspReference: z.string(),
  paymentPspReference: z.string(),
  status: z.literal('received'),
});

/**
 * Makes the call that a movement is, of `value` in Adyen's minor units. Throws what the library throws. Adyen always
 * answers `received`; whether it happened is said by a webhook that carries the movement's id.
 */
export async function moveAtAdyen(
  api: ModificationsApi,
  merchantAccount: string,
  { attempt, movement, authorized }: MovementSubject,
  value: number,
): Promise<MovementOutcome> {
  const payment = attempt.pspReference;
  const amount = { value, currency: movement.amount.currency };
  const named = { merchantAccount, reference: movementToReference(movement) };
  const once = { idempotencyKey: movement.pspKey };
  switch (movement.kind) {
    case 'capture':
      return received(await api.captureAuthorisedPayment(payment, { ...named, amount }, once), payment);
    case 'void':
      return received(await api.cancelAuthorisedPaymentByPspReference(payment, named, once), payment);
    case 'refund': {
      const reason = movement.reason && { merchantRefundReason: refundReasons[movement.reason] };
      return received(
        await api.refundCapturedPayment(payment, { ...named, ...reason, amount }, once),
        payment,
      );
    }
    case 'increment': {
      const from = toPspAmount(authorized ?? attempt.request.amount, adyenExponents) ?? 0;
      const raised = {
        merchantAccount,
        reference: movementToReference(movement, from),
        amount: { ...amount, value: from + value },
        industryUsage: models.PaymentAmountUpdateRequest.IndustryUsageEnum.DelayedCharge,
      };
      return received(await api.updateAuthorisedAmount(payment, raised, once), payment);
    }
    default:
      return unreachable(movement.kind);
  }
}

function received(answer: unknown, payment: string): MovementOutcome {
  const read = receivedSchema.safeParse(answer);
  return read.success && read.data.paymentPspReference === payment
    ? { kind: 'pending', pspReference: read.data.pspReference }
    : { kind: 'unknown', cause: 'the answer is not about this movement' };
}

const { MerchantRefundReasonEnum } = models.PaymentRefundRequest;

const refundReasons: Readonly<Record<RefundReason, models.PaymentRefundRequest.MerchantRefundReasonEnum>> = {
  requested_by_customer: MerchantRefundReasonEnum.CustomerRequest,
  duplicate: MerchantRefundReasonEnum.Duplicate,
  fraudulent: MerchantRefundReasonEnum.Fraud,
  other: MerchantRefundReasonEnum.Other,
};
