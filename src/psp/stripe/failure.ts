import Stripe from 'stripe';
import { TransportFailure } from '../transport.ts';

/** A call that did not bring the object that was asked for. */
export type Failure =
  /** Stripe said no. What it did in spite of that is in `intent`; without one it did nothing. */
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly cause: string;
      /** By the issuer or by Radar, not for what the call looked like. */
      readonly declined: boolean;
      readonly intent?: unknown;
    }
  | { readonly kind: 'not_sent'; readonly cause: string }
  | { readonly kind: 'unknown'; readonly cause: string };

/**
 * What a thrown error means for the money. The texts of Stripe's errors may repeat what was sent to it (an e-mail
 * address, the tail of a key), so causes are made of its codes only.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof Stripe.errors.StripeConnectionError) {
    const failure: unknown = error.detail;
    return failure instanceof TransportFailure
      ? { kind: failure.sent ? 'unknown' : 'not_sent', cause: failure.message }
      : { kind: 'unknown', cause: 'the connection failed' };
  }
  if (!(error instanceof Stripe.errors.StripeError)) throw error;
  const code = error.code ?? error.rawType ?? error.type;
  const cause = [error.statusCode, error.rawType, error.code, error.param, error.requestId]
    .filter((part) => part !== undefined)
    .join(' ');
  // The key was used before: what that request did is not in this answer.
  if (error instanceof Stripe.errors.StripeIdempotencyError) return { kind: 'unknown', cause };
  switch (error.statusCode) {
    case 400:
    case 402:
    case 404: {
      const intent: unknown = error.payment_intent;
      const declined = error instanceof Stripe.errors.StripeCardError;
      return {
        kind: 'refused',
        code: error.decline_code ?? code,
        cause,
        declined,
        ...(intent !== undefined && { intent }),
      };
    }
    // Turned away at the door: nothing was executed.
    case 401:
    case 403:
    case 429:
      return { kind: 'not_sent', cause };
    // 409 is our own request still in flight; 5xx may have been said after the money moved.
    default:
      return { kind: 'unknown', cause };
  }
}
