import { hourMs } from '../../kernel/instant.ts';
import { cardOf, type Card } from './card.ts';
import { conclude } from './conclude-payment.ts';
import { paymentAnswer } from './payment-answer.ts';
import type { Authentication, CapturePlan, PaymentFacts, Step } from './payment.ts';
import { latest, type Sandbox } from './sandbox.ts';
import { amountAt, objectAt, problem, textAt, type Json, type Reply } from './wire.ts';

/** `POST /payments`: authorises a card, or says what the shopper must do first. */
export function authorisePayment(sandbox: Sandbox, body: Json, idempotencyKey: string): Reply {
  const amount = amountAt(body, 'amount');
  if (amount === undefined) return problem(422, '137', 'Invalid amount specified');
  if (textAt(body, 'reference') === '') return problem(422, '130', 'Reference Missing');
  const storesCard = body['storePaymentMethod'] === true || body['enableRecurring'] === true;
  if (storesCard && textAt(body, 'shopperReference') === '') {
    return problem(422, '14_017', 'Shopper reference is required to store a payment method');
  }
  const card = cardIn(sandbox, body);
  if ('status' in card) return card;

  const additionalData = objectAt(body, 'additionalData');
  const authentication = objectAt(body, 'authenticationData');
  const billing = objectAt(body, 'billingAddress');
  const facts: PaymentFacts = {
    pspReference: sandbox.newReference(),
    idempotencyKey,
    merchantAccount: textAt(body, 'merchantAccount'),
    reference: textAt(body, 'reference'),
    amount,
    card,
    requestedCode:
      textAt(additionalData, 'RequestedTestAcquirerResponseCode') || codeOfCardData(sandbox, body, card),
    storedPaymentMethodId: textAt(objectAt(body, 'paymentMethod'), 'storedPaymentMethodId'),
    authenticationOnly:
      authentication['authenticationOnly'] === true || body['threeDSAuthenticationOnly'] === true,
    metadata: objectAt(body, 'metadata') as Record<string, string>,
    shopperReference: textAt(body, 'shopperReference'),
    shopperInteraction: textAt(body, 'shopperInteraction') || 'Ecommerce',
    recurringProcessingModel: textAt(body, 'recurringProcessingModel'),
    storesCard,
    scaExemption: textAt(additionalData, 'scaExemption'),
    returnUrl: textAt(body, 'returnUrl'),
    billing: { country: textAt(billing, 'country'), postalCode: textAt(billing, 'postalCode') },
    capture: capturePlan(sandbox, body),
    at: sandbox.now(),
  };
  const { pspReference } = facts;
  const step = stepNeeded(sandbox, facts, body);
  if (step?.kind === 'redirect' && !/^https?:/.test(URL.parse(facts.returnUrl)?.protocol ?? '')) {
    return problem(422, '14_002', 'Required field returnUrl is missing or no web address');
  }
  if (step === undefined) {
    sandbox.ledger.append({ kind: 'payment', facts, state: { is: 'pending', resultCode: 'Received' } });
    conclude(sandbox, latest(sandbox, pspReference), externalAuthentication(body));
  } else {
    sandbox.ledger.append({ kind: 'payment', facts, state: { is: 'waiting', step } });
  }
  return paymentAnswer(sandbox, latest(sandbox, pspReference));
}

/**
 * The card of the request: one kept for this shopper, or test fields `test_<value>` or
 * `sealed_<hex of the value>` of Adyen's encrypted form.
 */
function cardIn(sandbox: Sandbox, body: Json): Card | Reply {
  const method = objectAt(body, 'paymentMethod');
  const storedId = textAt(method, 'storedPaymentMethodId');
  if (storedId !== '') {
    const stored = sandbox.ledger.storedMethods.get(storedId);
    const owned =
      stored?.shopperReference === textAt(body, 'shopperReference') &&
      stored.merchantAccount === textAt(body, 'merchantAccount');
    return owned ? stored.card : problem(422, '800', 'Contract not found');
  }
  if (textAt(method, 'number') !== '') {
    return problem(403, '010', 'Not allowed: raw card data needs a PCI agreement', 'security');
  }
  const number = testValue(method, 'encryptedCardNumber');
  const expiryMonth = testValue(method, 'encryptedExpiryMonth');
  const expiryYear = testValue(method, 'encryptedExpiryYear');
  if (number === undefined || expiryMonth === undefined || expiryYear === undefined) {
    return problem(
      422,
      '14_006',
      'Required field paymentMethod.encryptedCardNumber is missing or not decryptable',
    );
  }
  const card = cardOf(number, { expiryMonth, expiryYear, holderName: textAt(method, 'holderName') });
  return card ?? problem(422, '101', 'Invalid card number');
}

/** The refusal that the card's own data deserve: 6 when it has expired, 24 when the security code is wrong. */
function codeOfCardData({ now }: Sandbox, body: Json, card: Card): string {
  const expiresAt = Date.UTC(Number(card.expiryYear), Number(card.expiryMonth), 1);
  if (!(expiresAt > now())) return '6';
  const securityCode = testValue(objectAt(body, 'paymentMethod'), 'encryptedSecurityCode');
  return securityCode === undefined || securityCode === (card.brand === 'amex' ? '7373' : '737') ? '' : '24';
}

function testValue(method: Json, field: string): string | undefined {
  const text = textAt(method, field);
  if (text.startsWith('sealed_')) return unsealed(text.slice('sealed_'.length));
  return text.startsWith('test_') ? text.slice('test_'.length) : undefined;
}

/** Hexadecimal of the text: as unreadable as what Adyen's page encrypts, for services that refuse card numbers. */
function unsealed(hex: string): string | undefined {
  return /^([0-9a-f]{2})+$/.test(hex) ? Buffer.from(hex, 'hex').toString('latin1') : undefined;
}

function capturePlan({ account, now }: Sandbox, body: Json): CapturePlan {
  const manual = textAt(objectAt(body, 'additionalData'), 'manualCapture');
  const delayHours = body['captureDelayHours'];
  if (manual === 'true') return { on: 'request' };
  if (typeof delayHours === 'number' && delayHours > 0)
    return { on: 'time', at: now() + delayHours * hourMs };
  if (manual === 'false' || delayHours === 0) return { on: 'authorisation' };
  return { on: account.capture === 'manual' ? 'request' : 'authorisation' };
}

/** What an external 3-D Secure server found out, when the request brings it in `mpiData`. */
function externalAuthentication(body: Json): Authentication | undefined {
  const mpi = objectAt(body, 'mpiData');
  const transStatus = textAt(mpi, 'authenticationResponse') || textAt(mpi, 'directoryResponse');
  if (transStatus === '') return undefined;
  return { transStatus, eci: textAt(mpi, 'eci'), external: true };
}

/**
 * What the shopper must do first. The issuer of the test card decides; the merchant may insist, exempt or forbid.
 * Initiated by the merchant or authenticated elsewhere: nothing. `nativeThreeDS: preferred` keeps the shopper on the
 * merchant's page (fingerprint, then perhaps a challenge), otherwise it is a redirect.
 */
function stepNeeded(sandbox: Sandbox, facts: PaymentFacts, body: Json): Step | undefined {
  const authentication = objectAt(body, 'authenticationData');
  const request = objectAt(authentication, 'threeDSRequestData');
  const additionalData = objectAt(body, 'additionalData');
  const attempt = textAt(authentication, 'attemptAuthentication');
  const indicator = textAt(objectAt(body, 'threeDS2RequestData'), 'challengeIndicator');
  const insists = attempt === 'always' || indicator.startsWith('requestChallenge');
  const softDeclines = facts.card.holderName === 'AUTHENTICATION_REQUIRED' || facts.requestedCode === '38';
  const flow = insists && softDeclines ? 'challenge' : facts.card.flow;
  if (
    flow === 'none' ||
    !isShopperPresent(facts) ||
    attempt === 'never' ||
    externalAuthentication(body) !== undefined ||
    (facts.scaExemption !== '' && !insists)
  ) {
    return undefined;
  }
  const native =
    textAt(request, 'nativeThreeDS') === 'preferred' || textAt(additionalData, 'allow3DS2') === 'true';
  return {
    kind: native ? 'fingerprint' : 'redirect',
    token: sandbox.newReference(),
    challenge: flow === 'challenge' || indicator.startsWith('requestChallenge'),
  };
}

/** With `ContAuth` only card on file has a shopper at the screen; subscriptions and unscheduled payments have none. */
function isShopperPresent({ shopperInteraction, recurringProcessingModel }: PaymentFacts): boolean {
  return (
    shopperInteraction === 'Ecommerce' ||
    (shopperInteraction === 'ContAuth' && recurringProcessingModel === 'CardOnFile')
  );
}
