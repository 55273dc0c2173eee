import models from '@adyen/api-library/lib/src/typings/checkout/models.js';
import { z } from 'zod';
import type { Exemption } from '../../domain/risk/assessment.ts';
import { present } from '../present.ts';
import { adyenExponents, toPspAmount } from '../currency-exponents.ts';
import type { AttemptSubject } from '../psp.ts';
import { attemptToReference } from './reference.ts';

const { PaymentRequest, ThreeDS2RequestFields, ThreeDSecureData, ThreeDSRequestData, AuthenticationData } =
  models;

/** Whether Adyen's component runs on the page; a redirect needs nothing there. */
export type ThreeDSFlow = 'native' | 'redirect';

/** What Adyen's page component hands over: card fields are encrypted, or it names a stored method. Never a number. */
const methodSchema = z
  .record(z.string(), z.unknown())
  .refine((method) => !['number', 'cvc', 'expiryMonth'].some((field) => field in method), 'raw card data');

/**
 * The body of `/payments`; a refusal when Adyen has no way to say it. Everything comes from the attempt's row, so that
 * whoever resumes makes the same call: the e-mail address and the browser are left out, because Adyen may refuse
 * another body under the same key and has no other way to be asked. (Only native 3-D Secure cannot do without the
 * browser: what it loses an answer of is settled by the webhook.)
 */
export function attemptToAdyen(
  subject: AttemptSubject,
  merchantAccount: string,
  flow: ThreeDSFlow,
): models.PaymentRequest | { readonly refused: string } {
  const { attempt, browser } = subject;
  const { request } = attempt;
  const value = toPspAmount(request.amount, adyenExponents);
  if (value === null) return { refused: 'Adyen cannot express this amount' };
  const method = methodOf(request.method);
  if (method === null) return { refused: 'the payment method is not one of Adyen’s' };
  const isStored = 'storedPaymentMethodId' in method;
  const native = flow === 'native' && browser !== undefined;
  return {
    merchantAccount,
    reference: attemptToReference(attempt),
    amount: { value, currency: request.amount.currency },
    paymentMethod: method as models.PaymentRequest['paymentMethod'],
    returnUrl: request.returnUrl ?? '',
    channel: PaymentRequest.ChannelEnum.Web,
    metadata: {
      tillgate_merchant: subject.merchantId,
      tillgate_order: subject.orderId,
      tillgate_checkout: subject.checkoutId,
      tillgate_attempt: attempt.id,
    },
    ...(request.capture && { captureDelayHours: 0 }),
    additionalData: present<Record<string, string>>({
      manualCapture: request.capture ? undefined : 'true',
      scaExemption: request.exemption === undefined ? undefined : exemptions[request.exemption],
      networkTxReference: request.networkTransactionId,
    }) as Record<string, string>,
    authenticationData: authenticationOf(subject, native),
    shopperInteraction:
      isStored || request.initiator === 'merchant'
        ? PaymentRequest.ShopperInteractionEnum.ContAuth
        : PaymentRequest.ShopperInteractionEnum.Ecommerce,
    ...(request.pspCustomer !== undefined && { shopperReference: request.pspCustomer }),
    ...(request.storeMethod === true && { storePaymentMethod: true }),
    ...((isStored || request.storeMethod === true || request.initiator === 'merchant') && {
      recurringProcessingModel:
        request.initiator === 'merchant'
          ? PaymentRequest.RecurringProcessingModelEnum.UnscheduledCardOnFile
          : PaymentRequest.RecurringProcessingModelEnum.CardOnFile,
    }),
    ...(request.authentication === 'challenge' && {
      threeDS2RequestData: {
        challengeIndicator: ThreeDS2RequestFields.ChallengeIndicatorEnum.RequestChallenge,
      },
    }),
    ...(request.external3ds !== undefined && { mpiData: mpiDataOf(request.external3ds) }),
    ...(native && {
      browserInfo: browserOf(browser),
      ...(browser.ip !== undefined && { shopperIP: browser.ip }),
    }),
    ...(request.returnUrl !== undefined && { origin: new URL(request.returnUrl).origin }),
  };
}

/** A stored method's id as it is, or the JSON object of Adyen's page component. */
export function methodOf(method: string): Record<string, unknown> | null {
  if (!method.startsWith('{')) return { type: 'scheme', storedPaymentMethodId: method };
  try {
    return methodSchema.parse(JSON.parse(method));
  } catch {
    return null;
  }
}

/** Adyen's names; a payment that the merchant starts is out of scope and says so by its interaction. */
const exemptions: Readonly<Record<Exemption, string | undefined>> = {
  transaction_risk_analysis: 'transactionRiskAnalysis',
  low_value: 'lowValue',
  trusted_beneficiary: 'trustedBeneficiary',
  merchant_initiated: undefined,
};

function authenticationOf({ attempt }: AttemptSubject, native: boolean): models.AuthenticationData {
  const { NativeThreeDSEnum } = ThreeDSRequestData;
  return {
    ...(attempt.request.authentication === 'challenge' && {
      attemptAuthentication: AuthenticationData.AttemptAuthenticationEnum.Always,
    }),
    threeDSRequestData: { nativeThreeDS: native ? NativeThreeDSEnum.Preferred : NativeThreeDSEnum.Disabled },
  };
}

function mpiDataOf(
  external: NonNullable<AttemptSubject['attempt']['request']['external3ds']>,
): models.ThreeDSecureData {
  const attempted = external.eci === '06' || external.eci === '01';
  const { AuthenticationResponseEnum, DirectoryResponseEnum } = ThreeDSecureData;
  return {
    authenticationResponse: attempted ? AuthenticationResponseEnum.A : AuthenticationResponseEnum.Y,
    directoryResponse: attempted ? DirectoryResponseEnum.A : DirectoryResponseEnum.Y,
    cavv: external.cavv,
    dsTransID: external.dsTransId,
    eci: external.eci,
    threeDSVersion: external.version,
  };
}

/** 3-D Secure wants a screen; what the server cannot see is given as the commonest one. */
function browserOf(browser: NonNullable<AttemptSubject['browser']>): models.BrowserInfo {
  return {
    userAgent: browser.userAgent ?? '',
    acceptHeader: '*/*',
    language: browser.acceptLanguage?.split(',', 1).join('') ?? 'en',
    colorDepth: 24,
    screenHeight: 1080,
    screenWidth: 1920,
    timeZoneOffset: 0,
    javaEnabled: false,
    javaScriptEnabled: true,
  };
}
