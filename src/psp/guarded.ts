import type { DetachOutcome, SetupOutcome } from '../domain/customer/customer.ts';
import type { AttemptOutcome, MovementOutcome } from '../domain/payment/outcome.ts';
import { secondMs, type Clock } from '../kernel/instant.ts';
import type { Circuit } from './breaker.ts';
import { fullBucket, take, type Rate } from './limiter.ts';
import type { Psp } from './psp.ts';

/** The calls that an account's limits count apart, as Stripe counts each endpoint apart. */
type Endpoint =
  | 'authorize'
  | 'completeAction'
  | 'ask'
  | 'cancel'
  | 'move'
  | 'askMovement'
  | 'setUp'
  | 'completeSetup'
  | 'detach';

export type Guard = {
  /** One rate for each endpoint, or one for all that are not named. */
  readonly limits: Readonly<Partial<Record<Endpoint, Rate>>> & { readonly each: Rate };
  /** The longest that a call waits for its turn; the deadline of the call itself begins after it. */
  readonly waitMsMax: number;
  /** Also given to the adapter as `heard`. */
  readonly circuit: Circuit;
  readonly clock: Clock;
  /** Waits; passed in, so that a test need not. */
  readonly pause?: (ms: number) => Promise<void>;
};

/** Stripe's 25 requests a second per endpoint; Adyen states no figure and answers 429 above its own. */
export const stripeRate: Rate = { perSecond: 25, burst: 25 };

/** A record and its first call are apart by one commit; what comes later may be a worker that resumes. */
const firstCallWithinMs = 2 * secondMs;

type Unsent =
  | { readonly kind: 'not_sent'; readonly cause: string }
  | { readonly kind: 'unknown'; readonly cause: string };

/**
 * The same account, not called faster than its limits and not called while it does not answer. What is held back was
 * not sent; a question that is held back leaves its answer unknown. Reading webhooks and lists is not held back.
 */
export function guard(psp: Psp, rules: Guard): Psp {
  const pause = rules.pause ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  const buckets = new Map<Endpoint, ReturnType<typeof fullBucket>>();

  /** Why the call may not be made; null when it may, after its turn has come. */
  async function turn(endpoint: Endpoint): Promise<string | null> {
    const rate = rules.limits[endpoint] ?? rules.limits.each;
    const at = rules.clock();
    const next = take(buckets.get(endpoint) ?? fullBucket(rate, at), rate, at);
    if (next.waitMs > rules.waitMsMax) return `more than ${rate.perSecond} calls a second`;
    buckets.set(endpoint, next.after);
    if (next.waitMs > 0) await pause(next.waitMs);
    return rules.circuit.admits() ? null : 'the PSP does not answer: the circuit is open';
  }

  async function call<Outcome extends AttemptOutcome | MovementOutcome | SetupOutcome | DetachOutcome>(
    endpoint: Endpoint,
    heldBackAs: Unsent['kind'],
    make: () => Promise<Outcome>,
  ): Promise<Outcome | Unsent> {
    const cause = await turn(endpoint);
    return cause === null ? make() : { kind: heldBackAs, cause };
  }

  /** Holding back what may be a repetition says nothing about the call before it. */
  const unlessRepeated = (record: { readonly createdAt: number }): Unsent['kind'] =>
    rules.clock() - record.createdAt > firstCallWithinMs ? 'unknown' : 'not_sent';

  return {
    ...psp,
    authorize: (subject) => call('authorize', unlessRepeated(subject.attempt), () => psp.authorize(subject)),
    completeAction: (subject, brought) =>
      call('completeAction', 'unknown', () => psp.completeAction(subject, brought)),
    ask: (subject) => call('ask', 'unknown', () => psp.ask(subject)),
    cancel: (subject) => call('cancel', 'unknown', () => psp.cancel(subject)),
    move: (subject) => call('move', unlessRepeated(subject.movement), () => psp.move(subject)),
    setUp: (subject) => call('setUp', 'not_sent', () => psp.setUp(subject)),
    completeSetup: (subject, brought) =>
      call('completeSetup', 'unknown', () => psp.completeSetup(subject, brought)),
    detach: (kept) => call('detach', 'not_sent', () => psp.detach(kept)),
    askMovement: (subject) => call('askMovement', 'unknown', () => psp.askMovement(subject)),
  };
}
