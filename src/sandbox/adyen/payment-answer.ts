import { createHash } from 'node:crypto';
import { unreachable } from '../../kernel/unreachable.ts';
import type { Authentication, Conclusion, Payment, Step } from './payment.ts';
import type { Sandbox } from './sandbox.ts';
import { ok, type Reply } from './wire.ts';

type Texts = Readonly<Record<string, string>>;

/** What `/payments` and `/payments/details` say about a payment as it stands. */
export function paymentAnswer(sandbox: Sandbox, payment: Payment): Reply {
  const { pspReference, reference, amount, card, state } = payment;
  const shared = {
    pspReference,
    merchantReference: reference,
    amount,
    paymentMethod: { brand: card.brand, type: 'scheme' },
  };
  switch (state.is) {
    case 'waiting':
      return ok({
        resultCode: {
          fingerprint: 'IdentifyShopper',
          challenge: 'ChallengeShopper',
          redirect: 'RedirectShopper',
        }[state.step.kind],
        // Adyen gives a payment its reference only once it is authorised or refused.
        action: actionOf(sandbox, state.step),
      });
    case 'pending':
      return ok({ ...shared, resultCode: state.resultCode });
    case 'concluded':
      return ok({ ...shared, ...conclusionOf(payment, state.conclusion) });
    default:
      return unreachable(state);
  }
}

function conclusionOf(payment: Payment, conclusion: Conclusion): object {
  const { resultCode, refusalReason, refusalReasonCode, authentication, storedPaymentMethodId } = conclusion;
  const { card, amount } = payment;
  const accountScore = refusalReasonCode === '20' || refusalReasonCode === '22' ? 100 : 0;
  const fraudResult = {
    accountScore,
    results: [{ accountScore, checkId: 2, name: 'CardChunkUsage' }],
  };
  const value = resultCode === 'PartiallyAuthorised' ? payment.authorised : amount.value;
  return {
    resultCode,
    amount: { value, currency: amount.currency },
    ...(refusalReason === '' ? {} : { refusalReason, refusalReasonCode }),
    fraudResult,
    ...(payment.authenticationOnly && authentication !== undefined
      ? { threeDS2Result: threeDS2Result(payment, authentication) }
      : {}),
    additionalData: {
      ...cardData(payment),
      ...threeDSecureData(payment, authentication),
      ...(refusalReason === '' ? {} : { refusalReasonRaw: `${refusalReasonCode} : ${refusalReason}` }),
      ...(storedPaymentMethodId === ''
        ? {}
        : {
            'tokenization.storedPaymentMethodId': storedPaymentMethodId,
            'tokenization.shopperReference': payment.shopperReference,
            'recurring.recurringDetailReference': storedPaymentMethodId,
            'recurring.shopperReference': payment.shopperReference,
            'tokenization.store.operationType': payment.storesCard ? 'created' : 'alreadyExisting',
          }),
      ...(payment.recurringProcessingModel === ''
        ? {}
        : { recurringProcessingModel: payment.recurringProcessingModel }),
      ...(card.holderName === '' ? {} : { cardHolderName: card.holderName }),
    },
  };
}

/** What Adyen tells about the card and the issuer's checks; no more than a merchant may see. */
export function cardData(payment: Payment): Texts {
  const { card, pspReference } = payment;
  const authorised = payment.state.is === 'concluded' && payment.state.conclusion.refusalReason === '';
  return {
    paymentMethod: card.brand,
    paymentMethodVariant: `${card.brand}${card.fundingSource.toLowerCase()}`,
    cardBin: card.bin,
    issuerBin: card.bin,
    cardSummary: card.lastFour,
    expiryDate: `${Number(card.expiryMonth)}/${card.expiryYear}`,
    issuerCountry: card.issuerCountry,
    cardIssuingCountry: card.issuerCountry,
    fundingSource: card.fundingSource,
    alias: card.alias,
    aliasType: 'Default',
    avsResult: avsResult(payment),
    cvcResult: payment.requestedCode === '24' ? '2 Does not match' : cvcResult(payment),
    networkTxReference: networkTxReference(pspReference),
    ...(authorised ? { authCode: authCode(pspReference) } : {}),
  };
}

/** The authentication's part of `additionalData`. Liability shifts with eci 05/02 or 06/01, unless exempted. */
export function threeDSecureData(payment: Payment, authentication: Authentication | undefined): Texts {
  const exemption: Texts = payment.scaExemption === '' ? {} : { scaExemptionRequested: payment.scaExemption };
  if (authentication === undefined) {
    return { ...exemption, threeDOffered: 'false', threeDAuthenticated: 'false', liabilityShift: 'false' };
  }
  const { transStatus, eci } = authentication;
  const shifts = (transStatus === 'Y' || transStatus === 'A') && payment.scaExemption === '';
  return {
    ...exemption,
    threeDOffered: 'true',
    threeDAuthenticated: String(transStatus === 'Y'),
    threeDOfferedResponse: transStatus,
    threeDAuthenticatedResponse: transStatus,
    liabilityShift: String(shifts),
    eci,
    threeDSVersion: '2.2.0',
    dsTransID: dsTransId(payment.pspReference),
  };
}

function threeDS2Result(payment: Payment, authentication: Authentication): object {
  return {
    transStatus: authentication.transStatus,
    eci: authentication.eci,
    authenticationValue: digest(`cavv:${payment.pspReference}`).toString('base64').slice(0, 28),
    dsTransID: dsTransId(payment.pspReference),
    messageVersion: '2.2.0',
    threeDSServerTransID: dsTransId(`server:${payment.pspReference}`),
  };
}

/** What the shopper's browser must do. The token inside names the stand-in's own page for it. */
function actionOf(sandbox: Sandbox, step: Step): object {
  const page = `${sandbox.origin()}/3ds/${step.token}`;
  if (step.kind === 'redirect') {
    return { type: 'redirect', method: 'GET', url: page, paymentMethodType: 'scheme' };
  }
  const token = { acsURL: page, threeDSServerTransID: dsTransId(step.token), messageVersion: '2.2.0' };
  return {
    type: 'threeDS2',
    subtype: step.kind,
    token: Buffer.from(JSON.stringify(token)).toString('base64'),
    authorisationToken: step.token,
    paymentData: step.token,
    paymentMethodType: 'scheme',
  };
}

function avsResult({ billing }: Payment): string {
  if (!['US', 'CA', 'GB'].includes(billing.country)) return '4 AVS not supported for this card type';
  // The stand-in's own trigger: this postal code belongs to nobody.
  return billing.postalCode === '00000'
    ? '2 Neither postal code nor address match'
    : '7 Both postal code and address match';
}

function cvcResult(payment: Payment): string {
  return payment.shopperInteraction === 'ContAuth' ? '6 No CVC/CVV provided' : '1 Matches';
}

/** The scheme's reference of the transaction: fifteen digits that follow from the PSP reference. */
export function networkTxReference(pspReference: string): string {
  return digits(pspReference, 15);
}

export function authCode(pspReference: string): string {
  return digits(`auth:${pspReference}`, 6);
}

function digits(text: string, count: number): string {
  return (digest(text).readBigUInt64BE() % 10n ** BigInt(count)).toString().padStart(count, '0');
}

function dsTransId(text: string): string {
  const hex = digest(text).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
