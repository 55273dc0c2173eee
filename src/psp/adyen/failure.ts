import { TransportFailure } from '../transport.ts';
import { AdyenRefusal } from './http-client.ts';

/** A call that did not bring what was asked for. */
export type Failure =
  /** Adyen looked at the request and did nothing. */
  | { readonly kind: 'refused'; readonly errorCode: string; readonly cause: string }
  | { readonly kind: 'not_sent'; readonly cause: string }
  | { readonly kind: 'unknown'; readonly cause: string };

/** The first request with this key is in progress, or the key served another one: Adyen does not say what it did. */
const alreadyProcessed = '704';

export function failureOf(error: unknown): Failure {
  if (error instanceof TransportFailure) {
    return { kind: error.sent ? 'unknown' : 'not_sent', cause: error.message };
  }
  if (!(error instanceof AdyenRefusal)) throw error;
  const { status, errorCode, message: cause } = error;
  if (errorCode === alreadyProcessed) return { kind: 'unknown', cause };
  switch (status) {
    case 400:
    case 404:
    case 422:
      return { kind: 'refused', errorCode, cause };
    // Turned away at the door: nothing was executed.
    case 401:
    case 403:
    case 429:
      return { kind: 'not_sent', cause };
    // `transient-error` promises that the same key may come again, not that nothing was done: it is asked about.
    default:
      return { kind: 'unknown', cause };
  }
}
