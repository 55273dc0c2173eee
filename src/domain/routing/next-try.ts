import type { AttemptRequest } from '../payment/attempt.ts';
import { isTransient } from '../payment/decline.ts';
import type { AttemptOutcome } from '../payment/outcome.ts';
import { unreachable } from '../../kernel/unreachable.ts';

/** Another attempt in the same request: the same account with a challenge, or the next account as it was planned. */
export type NextTry = { readonly how: 'challenge' | 'failover'; readonly because: string };

/**
 * Whether an attempt that brought nothing is followed by another one at once. Only when it is certain that the PSP has
 * not charged: it was not called, or it said no. A soft decline is answered with one challenge and never a second.
 */
export function nextTry(
  request: Pick<AttemptRequest, 'authentication' | 'initiator'>,
  outcome: AttemptOutcome,
): NextTry | null {
  switch (outcome.kind) {
    case 'not_sent':
      return { how: 'failover', because: `the PSP was not reached: ${outcome.cause}` };
    case 'declined': {
      const { code, raw } = outcome.decline;
      if (isTransient(code)) return { how: 'failover', because: `declined: ${code} (${raw})` };
      const isSoft = code === 'authentication_required';
      return isSoft && request.authentication === 'automatic' && request.initiator === 'buyer'
        ? { how: 'challenge', because: `the issuer wants to see the buyer: ${raw}` }
        : null;
    }
    case 'authorized':
    case 'requires_action':
    case 'pending':
    case 'canceled':
    case 'unknown':
    case 'unheard':
      return null;
    default:
      return unreachable(outcome);
  }
}
