import type { Clock, Instant } from '../kernel/instant.ts';
import { unreachable } from '../kernel/unreachable.ts';

export type BreakerRules = {
  /** Over how many of the last exchanges the share is taken; fewer than that never open. */
  readonly calls: number;
  /** The share of them that was not answered at which it opens. */
  readonly share: number;
  /** How long it stays open before one call is let through to see. */
  readonly openForMs: number;
};

/** Opens when half of twenty exchanges went unanswered: an outage, not a bad minute of one issuer. */
export const breakerDefault: BreakerRules = { calls: 20, share: 0.5, openForMs: 5_000 };

/**
 * A circuit breaker as a value. It counts exchanges, not outcomes: a buyer who sends rubbish is answered with an error,
 * and must not be able to close the shop.
 */
export type Breaker =
  /** Enters: at first, and when a probe was answered. Leaves: too many unanswered calls. */
  | { readonly state: 'closed'; readonly answered: readonly boolean[] }
  /** Enters: too many unanswered calls, or an unanswered probe. Leaves: after a while, when somebody calls. */
  | { readonly state: 'open'; readonly until: Instant }
  /** Enters: a call let through after the while. Leaves: its end, or nobody heard of it for as long again. */
  | { readonly state: 'probing'; readonly until: Instant };

export const closedBreaker: Breaker = { state: 'closed', answered: [] };

/** Whether a call may be made now, and the breaker after it was let through. */
export function admit(
  breaker: Breaker,
  rules: BreakerRules,
  at: Instant,
): { readonly after: Breaker; readonly admitted: boolean } {
  switch (breaker.state) {
    case 'closed':
      return { after: breaker, admitted: true };
    case 'open':
    case 'probing':
      return at < breaker.until
        ? { after: breaker, admitted: false }
        : { after: { state: 'probing', until: at + rules.openForMs }, admitted: true };
    default:
      return unreachable(breaker);
  }
}

/** The breaker after an exchange with the PSP was answered or not. */
export function noted(breaker: Breaker, rules: BreakerRules, answered: boolean, at: Instant): Breaker {
  switch (breaker.state) {
    case 'closed': {
      const last = [...breaker.answered, answered].slice(-rules.calls);
      const unanswered = last.filter((each) => !each).length;
      return last.length === rules.calls && unanswered / rules.calls >= rules.share
        ? { state: 'open', until: at + rules.openForMs }
        : { state: 'closed', answered: last };
    }
    // A call that began before it opened says nothing about now.
    case 'open':
      return breaker;
    case 'probing':
      return answered ? closedBreaker : { state: 'open', until: at + rules.openForMs };
    default:
      return unreachable(breaker);
  }
}

/** The one breaker of an account: its adapter says what it hears, its guard asks whether to call. */
export type Circuit = {
  readonly heard: (answered: boolean) => void;
  readonly admits: () => boolean;
  /** Whether a call would be held back now; asking changes nothing. */
  readonly rests: () => boolean;
};

export function circuit(clock: Clock, rules = breakerDefault): Circuit {
  let breaker = closedBreaker;
  return {
    heard: (answered) => {
      breaker = noted(breaker, rules, answered, clock());
    },
    admits: () => {
      const { after, admitted } = admit(breaker, rules, clock());
      breaker = after;
      return admitted;
    },
    rests: () => !admit(breaker, rules, clock()).admitted,
  };
}
