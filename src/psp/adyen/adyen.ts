import library from '@adyen/api-library/lib/src/client.js';
import settings from '@adyen/api-library/lib/src/config.js';
import { ModificationsApi } from '@adyen/api-library/lib/src/services/checkout/modificationsApi.js';
import { PaymentsApi } from '@adyen/api-library/lib/src/services/checkout/paymentsApi.js';
import { RecurringApi } from '@adyen/api-library/lib/src/services/checkout/recurringApi.js';
import { createHash } from 'node:crypto';
import type { AttemptOutcome, MovementOutcome } from '../../domain/payment/outcome.ts';
import { hourMs, type Clock } from '../../kernel/instant.ts';
import { adyenExponents, toPspAmount } from '../currency-exponents.ts';
import { doubtful } from '../doubtful.ts';
import { present } from '../present.ts';
import type { AttemptSubject, MovementSubject, Psp } from '../psp.ts';
import { openTransport, type Heard, type Transport } from '../transport.ts';
import { failureOf } from './failure.ts';
import { pooledHttpClient } from './http-client.ts';
import { moveAtAdyen } from './movement.ts';
import { attemptToAdyen, type ThreeDSFlow } from './payment-request.ts';
import { attemptFromAdyen, type Came } from './payment.ts';
import { attemptToReference } from './reference.ts';
import { declineFromValidation } from './refusal-reasons.ts';
import { completeSetupAtAdyen, detachAtAdyen, setUpAtAdyen } from './setup.ts';
import { readAdyenWebhook } from './webhook.ts';

export type AdyenConfig = {
  /** The merchant account; one company account may have several. */
  readonly account: string;
  readonly apiKey: string;
  /** Hexadecimal; the current one, and the previous one while the new one propagates. */
  readonly hmacKeys: readonly string[];
  readonly environment: 'test' | 'live';
  /** Of the live endpoints, from Adyen's Customer Area. */
  readonly liveEndpointUrlPrefix?: string;
  /** Of a stand-in; absent for Adyen itself. */
  readonly baseUrl?: string;
  /** The deadline of each call. */
  readonly timeoutMs: number;
  readonly heard?: Heard;
  /** Of a stand-in in this very process; absent for the network. */
  readonly transport?: Transport;
  /** `native` needs Adyen's component on the page; a redirect is the default. */
  readonly threeDS?: ThreeDSFlow;
  readonly clock: Clock;
};

/**
 * Adyen keeps keys for a month, but has no way to be asked other than by making the call again: one that had never
 * arrived would then charge a buyer who is long gone. After a day only its webhook or report settles.
 */
const retryableForMs = 20 * hourMs;

export function createAdyenPsp(config: AdyenConfig): Psp {
  const live = config.environment === 'live';
  const client = new library.default({
    apiKey: config.apiKey,
    environment: live ? settings.EnvironmentEnum.LIVE : settings.EnvironmentEnum.TEST,
    ...(config.liveEndpointUrlPrefix !== undefined && {
      liveEndpointUrlPrefix: config.liveEndpointUrlPrefix,
    }),
  });
  const host = live
    ? `${config.liveEndpointUrlPrefix ?? ''}-checkout-live.adyenpayments.com`
    : 'checkout-test.adyen.com';
  client.httpClient = pooledHttpClient(
    config.transport ??
      openTransport({ ...config, origin: new URL(config.baseUrl ?? `https://${host}`).origin }),
  );
  // A service is made once: making one on every use, as the library's documentation does, is what makes it slow.
  const payments = new PaymentsApi(client);
  const modifications = new ModificationsApi(client);
  const recurring = new RecurringApi(client);
  const flow = config.threeDS ?? 'redirect';

  /** What is called later than its record is old may not be called for the first time. */
  const ageMs = (record: { readonly createdAt: number }): number => config.clock() - record.createdAt;

  async function authorize(subject: AttemptSubject): Promise<AttemptOutcome> {
    return ageMs(subject.attempt) > config.timeoutMs ? ask(subject) : pay(subject);
  }

  async function pay(subject: AttemptSubject): Promise<AttemptOutcome> {
    const body = attemptToAdyen(subject, config.account, flow);
    if ('refused' in body) return { kind: 'not_sent', cause: body.refused };
    const once = { idempotencyKey: subject.attempt.request.pspKey };
    try {
      return attemptFromAdyen(await payments.payments(body, once), subject, 'at_once');
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind !== 'refused') return failure;
      const decline = declineFromValidation(failure.errorCode);
      return decline === null
        ? { kind: 'not_sent', cause: failure.cause }
        : { kind: 'declined', decline, card: {} };
    }
  }

  async function ask(subject: AttemptSubject): Promise<AttemptOutcome> {
    if (ageMs(subject.attempt) > retryableForMs) {
      return { kind: 'unknown', cause: 'too old to ask: Adyen’s webhook or report will tell' };
    }
    return doubtful(await pay(subject));
  }

  async function completeAction(
    subject: AttemptSubject,
    brought: Readonly<Record<string, string>>,
  ): Promise<AttemptOutcome> {
    const details = detailsOf(brought);
    if (details === null) return unchanged(subject);
    const { paymentData } = brought;
    const key = createHash('sha256').update(subject.attempt.request.pspKey).update(JSON.stringify(details));
    try {
      const answer = await payments.paymentsDetails(
        { details, ...(paymentData !== undefined && { paymentData }) },
        { idempotencyKey: key.digest('hex') },
      );
      const outcome = attemptFromAdyen(answer, subject, cameBy(subject));
      return outcome.kind === 'unknown' && outcome.pspReference === undefined ? unchanged(subject) : outcome;
    } catch (error) {
      const failure = failureOf(error);
      return failure.kind === 'unknown' ? failure : unchanged(subject);
    }
  }

  /** What waits for the buyer is authorised only when we hand in the result: not handing it in gives it up. */
  async function cancel(subject: AttemptSubject): Promise<AttemptOutcome> {
    const { attempt } = subject;
    if (attempt.state === 'requires_action') {
      // Adyen cannot be asked any more, and the buyer's result was never handed in: a success would still be told.
      if (ageMs(attempt) > retryableForMs) return { kind: 'canceled', pspReference: attempt.pspReference };
      const now = await ask(subject);
      return now.kind === 'requires_action' ? { kind: 'canceled', pspReference: now.pspReference } : now;
    }
    const reference = attemptToReference(attempt);
    try {
      await modifications.cancelAuthorisedPayment(
        { merchantAccount: config.account, paymentReference: reference, reference },
        { idempotencyKey: createHash('sha256').update(`cancel ${attempt.request.pspKey}`).digest('hex') },
      );
      return { kind: 'unknown', cause: 'canceled if it was authorised: Adyen’s webhook will tell' };
    } catch (error) {
      return { kind: 'unknown', cause: failureOf(error).cause };
    }
  }

  async function move(subject: MovementSubject): Promise<MovementOutcome> {
    return ageMs(subject.movement) > config.timeoutMs ? askMovement(subject) : perform(subject);
  }

  async function perform(subject: MovementSubject): Promise<MovementOutcome> {
    const value = toPspAmount(subject.movement.amount, adyenExponents);
    if (value === null) return { kind: 'not_sent', cause: 'Adyen cannot express this amount' };
    try {
      return await moveAtAdyen(modifications, config.account, subject, value);
    } catch (error) {
      const failure = failureOf(error);
      return failure.kind === 'refused' ? { kind: 'failed', raw: failure.errorCode } : failure;
    }
  }

  async function askMovement(subject: MovementSubject): Promise<MovementOutcome> {
    const { movement } = subject;
    if (movement.state === 'pending') return { kind: 'pending', pspReference: movement.pspReference };
    if (ageMs(movement) > retryableForMs) {
      return { kind: 'unknown', cause: 'too old to ask: Adyen’s webhook or report will tell' };
    }
    return doubtful(await perform(subject));
  }

  return {
    name: 'adyen',
    account: config.account,
    retryableForMs,
    askableForMs: retryableForMs,
    authorize,
    completeAction,
    ask,
    cancel,
    move,
    askMovement,
    setUp: (subject) => setUpAtAdyen(payments, config, subject),
    completeSetup: (subject, brought) => completeSetupAtAdyen(payments, subject, detailsOf(brought)),
    detach: (kept) => detachAtAdyen(recurring, config.account, kept),
    readWebhook: (delivery) => readAdyenWebhook(config.account, config.hmacKeys, delivery),
    listCharges: null,
  };
}

/** What the browser brought, if it is anything that Adyen's page or component hands over. */
function detailsOf(brought: Readonly<Record<string, string>>): Record<string, string> | null {
  const { redirectResult, threeDSResult, payload } = brought;
  const details = present<Record<string, string>>({ redirectResult, threeDSResult, payload });
  return Object.keys(details).length === 0 ? null : (details as Record<string, string>);
}

/** What the browser brought was nothing, not Adyen's, or about another payment: the attempt waits on. */
function unchanged({ attempt }: AttemptSubject): AttemptOutcome {
  return attempt.state === 'requires_action'
    ? { kind: 'requires_action', pspReference: attempt.pspReference, action: attempt.action }
    : { kind: 'unknown', cause: 'what the browser brought is not about this attempt' };
}

function cameBy({ attempt }: AttemptSubject): Came {
  if (attempt.state !== 'requires_action' || attempt.action.kind === 'redirect') return 'after_challenge';
  const { action } = attempt.action.data;
  const isFingerprint =
    typeof action === 'object' && action !== null && 'subtype' in action && action.subtype === 'fingerprint';
  return isFingerprint ? 'after_fingerprint' : 'after_challenge';
}
