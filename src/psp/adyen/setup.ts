import type { PaymentsApi } from '@adyen/api-library/lib/src/services/checkout/paymentsApi.js';
import type { RecurringApi } from '@adyen/api-library/lib/src/services/checkout/recurringApi.js';
import models from '@adyen/api-library/lib/src/typings/checkout/models.js';
import { createHash } from 'node:crypto';
import type { DetachOutcome, SetupOutcome } from '../../domain/customer/customer.ts';
import type { KeptMethod, SetupSubject } from '../psp.ts';
import { failureOf } from './failure.ts';
import { methodOf } from './payment-request.ts';
import { actionOf, cardFacts, paymentSchema } from './payment.ts';
import { declineFromAdyen, declineFromValidation } from './refusal-reasons.ts';

const { PaymentRequest, ThreeDSRequestData, AuthenticationData } = models;

/** A payment of nothing, with the buyer authenticated, that stores the card: Adyen's way of a set-up. */
export async function setUpAtAdyen(
  payments: PaymentsApi,
  { account }: { readonly account: string },
  subject: SetupSubject,
): Promise<SetupOutcome> {
  const method = subject.method === undefined ? null : methodOf(subject.method);
  if (method === null) return { kind: 'not_sent', cause: 'the payment method is not one of Adyen’s' };
  const request: models.PaymentRequest = {
    merchantAccount: account,
    reference: subject.methodId,
    amount: { value: 0, currency: subject.currency },
    paymentMethod: method,
    returnUrl: subject.returnUrl ?? '',
    channel: PaymentRequest.ChannelEnum.Web,
    shopperReference: subject.customerId,
    storePaymentMethod: true,
    shopperInteraction: PaymentRequest.ShopperInteractionEnum.Ecommerce,
    recurringProcessingModel: PaymentRequest.RecurringProcessingModelEnum.CardOnFile,
    authenticationData: {
      attemptAuthentication: AuthenticationData.AttemptAuthenticationEnum.Always,
      threeDSRequestData: { nativeThreeDS: ThreeDSRequestData.NativeThreeDSEnum.Disabled },
    },
    metadata: { tillgate_merchant: subject.merchantId, tillgate_customer: subject.customerId },
  };
  return heard(subject, () => payments.payments(request, { idempotencyKey: subject.methodId }));
}

/** Hands in what the buyer's browser brought back; without it the set-up waits on. */
export async function completeSetupAtAdyen(
  payments: PaymentsApi,
  subject: SetupSubject,
  details: Readonly<Record<string, string>> | null,
): Promise<SetupOutcome> {
  if (details === null) return { kind: 'unknown', cause: 'the browser brought nothing of Adyen’s' };
  const key = createHash('sha256').update(subject.methodId).update(JSON.stringify(details)).digest('hex');
  return heard(subject, () => payments.paymentsDetails({ details }, { idempotencyKey: key }));
}

/** Adyen refuses to delete what it does not keep for this shopper: then there is nothing left to forget. */
export async function detachAtAdyen(
  recurring: RecurringApi,
  account: string,
  { token, pspCustomer }: KeptMethod,
): Promise<DetachOutcome> {
  try {
    await recurring.deleteTokenForStoredPaymentDetails(token, pspCustomer ?? '', account);
    return { kind: 'detached' };
  } catch (error) {
    const failure = failureOf(error);
    return failure.kind === 'refused' ? { kind: 'detached' } : failure;
  }
}

async function heard(subject: SetupSubject, call: () => Promise<unknown>): Promise<SetupOutcome> {
  try {
    return fromAdyen(await call(), subject);
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind !== 'refused') return failure;
    const decline = declineFromValidation(failure.errorCode);
    return decline === null ? { kind: 'not_sent', cause: failure.cause } : { kind: 'declined', decline };
  }
}

function fromAdyen(answer: unknown, { methodId, customerId: pspCustomer }: SetupSubject): SetupOutcome {
  const read = paymentSchema.safeParse(answer);
  if (!read.success) return { kind: 'unknown', cause: 'the answer is not a payment' };
  const payment = read.data;
  if (payment.merchantReference !== undefined && payment.merchantReference !== methodId)
    return { kind: 'unknown', cause: 'the answer is about another method' };
  const pspReference = payment.pspReference ?? methodId;
  const said = payment.additionalData ?? {};
  const token = said['tokenization.storedPaymentMethodId'] ?? said['recurring.recurringDetailReference'];
  switch (payment.resultCode) {
    case 'Authorised':
      return token === undefined
        ? { kind: 'unknown', cause: 'authorised, but the card was not stored' }
        : { kind: 'stored', pspReference, pspCustomer, token, card: cardFacts(payment) };
    case 'Refused':
    case 'Error':
      return { kind: 'declined', decline: declineFromAdyen(payment.refusalReasonCode ?? payment.resultCode) };
    case 'Cancelled':
      return { kind: 'declined', decline: { code: 'authentication_failed', raw: 'Cancelled' } };
    case 'RedirectShopper':
    case 'IdentifyShopper':
    case 'ChallengeShopper':
      if (payment.action)
        return { kind: 'requires_action', pspReference, pspCustomer, action: actionOf(payment.action) };
      return { kind: 'unknown', cause: `${payment.resultCode} without an action` };
    default:
      return { kind: 'unknown', cause: `result ${payment.resultCode}` };
  }
}
