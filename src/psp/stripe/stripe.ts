import Stripe from 'stripe';
import type { Attempt } from '../../domain/payment/attempt.ts';
import type { AttemptOutcome, MovementOutcome } from '../../domain/payment/outcome.ts';
import { hourMs, minuteMs, type Clock } from '../../kernel/instant.ts';
import { unreachable } from '../../kernel/unreachable.ts';
import { stripeExponents, toPspAmount } from '../currency-exponents.ts';
import { doubtful } from '../doubtful.ts';
import type { AttemptSubject, MovementSubject, Psp } from '../psp.ts';
import { openTransport, type Heard, type Transport } from '../transport.ts';
import { attemptFromStripe, attemptToStripe } from './attempt.ts';
import { listStripeCharges } from './charges.ts';
import { declineFromStripe } from './decline-codes.ts';
import { failureOf } from './failure.ts';
import { PooledHttpClient } from './http-client.ts';
import { moveAtStripe, movedFromStripe, movementAtStripe } from './movement.ts';
import { findIntent, type Search } from './search.ts';
import { detachAtStripe, setUpAtStripe, setupAtStripe } from './setup.ts';
import { readStripeWebhook } from './webhook.ts';

export type StripeConfig = {
  readonly account: string;
  readonly secretKey: string;
  /** The signing secrets of the webhook endpoint: the current one, and the previous one while it is being rotated. */
  readonly webhookSecrets: readonly string[];
  /** Of a stand-in; absent for Stripe itself. */
  readonly baseUrl?: string;
  /** The deadline of each call. Stripe answers most card payments in 2 s and gives up on issuers after about 30. */
  readonly timeoutMs: number;
  readonly heard?: Heard;
  /** Of a stand-in in this very process; absent for the network. */
  readonly transport?: Transport;
  readonly clock: Clock;
};

/** Stripe forgets an idempotency key after 24 h at the earliest; a call made after that would be a new charge. */
const retryableForMs = 20 * hourMs;

/**
 * An attempt older than this is not started any more, only asked about: the buyer has left. It also makes silence
 * meaningful: what Stripe does not know by then (and the time that clocks may lie) was never sent and never will be.
 */
const startableForMs = 10 * minuteMs;
const clocksLieMs = 10 * minuteMs;

const expanded = { expand: ['latest_charge'] };

const amountNotWritable = { kind: 'not_sent', cause: 'Stripe cannot express this amount' } as const;

export function createStripePsp(config: StripeConfig): Psp {
  const base = new URL(config.baseUrl ?? 'https://api.stripe.com');
  const client = new Stripe(config.secretKey, {
    httpClient: new PooledHttpClient(config.transport ?? openTransport({ ...config, origin: base.origin })),
    protocol: base.protocol === 'http:' ? 'http' : 'https',
    host: base.hostname,
    ...(base.port !== '' && { port: base.port }),
    maxNetworkRetries: 0,
    timeout: config.timeoutMs,
    telemetry: false,
  });
  const ageMs = (record: { readonly createdAt: number }): number => config.clock() - record.createdAt;

  /** What is called later than its record is old may not be called for the first time. */
  const isRepetition = (record: { readonly createdAt: number }): boolean => ageMs(record) > config.timeoutMs;

  async function authorize(subject: AttemptSubject): Promise<AttemptOutcome> {
    return isRepetition(subject.attempt) ? ask(subject) : create(subject);
  }

  function create(subject: AttemptSubject): Promise<AttemptOutcome> {
    const params = attemptToStripe(subject);
    if (params === null) return Promise.resolve(amountNotWritable);
    const once = { idempotencyKey: subject.attempt.request.pspKey };
    return hear(subject, client.paymentIntents.create(params, once));
  }

  async function ask(subject: AttemptSubject): Promise<AttemptOutcome> {
    const { attempt } = subject;
    const search = await find(attempt);
    switch (search.found) {
      case 'yes':
        return retrieve(subject, search.id);
      case 'no':
        if (ageMs(attempt) > startableForMs + clocksLieMs + config.timeoutMs) {
          return { kind: 'not_sent', cause: 'Stripe has no such payment' };
        }
        break;
      case 'too_many':
        break;
      case 'unheard':
        return { kind: 'unknown', cause: search.cause };
      default:
        unreachable(search);
    }
    // The same key makes it the same charge: either we hear what became of it, or it happens now, once.
    if (ageMs(attempt) <= startableForMs) return doubtful(await create(subject));
    return { kind: 'unknown', cause: 'Stripe has shown no such payment yet' };
  }

  async function find(attempt: Attempt): Promise<Search | { found: 'unheard'; cause: string }> {
    if ('pspReference' in attempt) return { found: 'yes', id: attempt.pspReference };
    const from = attempt.createdAt - clocksLieMs;
    const until = attempt.createdAt + startableForMs + clocksLieMs + config.timeoutMs;
    try {
      return await findIntent(client, attempt, config.timeoutMs, { from, until });
    } catch (error) {
      return { found: 'unheard', cause: failureOf(error).cause };
    }
  }

  async function retrieve(subject: AttemptSubject, id: string): Promise<AttemptOutcome> {
    return doubtful(await hear(subject, client.paymentIntents.retrieve(id, expanded)));
  }

  async function cancel(subject: AttemptSubject): Promise<AttemptOutcome> {
    const search = await find(subject.attempt);
    if (search.found === 'yes') {
      return doubtful(await hear(subject, client.paymentIntents.cancel(search.id, expanded)));
    }
    // Asking could start a young one: it is given up, so nobody may.
    return { kind: 'unknown', cause: 'Stripe has shown no such payment to cancel' };
  }

  async function move(subject: MovementSubject): Promise<MovementOutcome> {
    return isRepetition(subject.movement) ? askMovement(subject) : perform(subject);
  }

  async function perform(subject: MovementSubject): Promise<MovementOutcome> {
    const amount = toPspAmount(subject.movement.amount, stripeExponents);
    if (amount === null) return amountNotWritable;
    try {
      const outcome = await moveAtStripe(client, subject, amount);
      return outcome ?? { kind: 'unknown', cause: 'the answer does not show the movement' };
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind !== 'refused') return failure;
      // Refused because it is already so: voided before, or captured by the first of two calls.
      const already = failure.intent === undefined ? null : movedFromStripe(failure.intent, subject);
      return already?.kind === 'succeeded' ? already : { kind: 'failed', raw: failure.code };
    }
  }

  async function askMovement(subject: MovementSubject): Promise<MovementOutcome> {
    let heard: MovementOutcome | null;
    try {
      heard = await movementAtStripe(client, subject);
    } catch (error) {
      return { kind: 'unknown', cause: failureOf(error).cause };
    }
    if (heard !== null) return heard;
    if (ageMs(subject.movement) > retryableForMs)
      return { kind: 'not_sent', cause: 'Stripe has no such movement' };
    return doubtful(await perform(subject));
  }

  return {
    name: 'stripe',
    account: config.account,
    retryableForMs,
    askableForMs: Infinity,
    authorize,
    // What the browser brings is untrusted and not needed: Stripe knows what became of our own PaymentIntent.
    completeAction: (subject) => ask(subject),
    ask,
    cancel,
    move,
    askMovement,
    setUp: (subject) => setUpAtStripe(client, subject),
    completeSetup: (subject) => setupAtStripe(client, subject),
    detach: (kept) => detachAtStripe(client, kept),
    readWebhook: (delivery) => readStripeWebhook(client, config.webhookSecrets, delivery),
    listCharges: (since, until) => listStripeCharges(client, since, until),
  };
}

/** Hears what a call about an attempt brought; never throws for what the network or Stripe does. */
async function hear(subject: AttemptSubject, call: Promise<unknown>): Promise<AttemptOutcome> {
  try {
    return attemptFromStripe(await call, subject);
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind !== 'refused') return failure;
    if (failure.intent !== undefined) return attemptFromStripe(failure.intent, subject);
    if (failure.declined) return { kind: 'declined', decline: declineFromStripe(failure.code), card: {} };
    return { kind: 'not_sent', cause: failure.cause };
  }
}
