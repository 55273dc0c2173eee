import { createHash } from 'node:crypto';
import { ApiError, invalid } from './api-error.ts';
import type { Account, StoredReply } from './account.ts';

const keyCharactersMax = 255;

/** Stripe keeps keys for at least 24 hours; after that the same key charges again. Here it is exactly that. */
const keptSeconds = 86_400;

/** A digest of everything that must be equal when a key comes again. */
export function printOf(method: string, path: string, body: string): string {
  return createHash('sha1').update(`${method} ${path}\n${body}`).digest('base64');
}

/** The stored reply of a key seen before, or the refusal that Stripe gives. `undefined` means: go ahead. */
export function recall(account: Account, key: string, print: string, now: number): StoredReply | undefined {
  if (key.length > keyCharactersMax)
    throw invalid(`The idempotency key is longer than ${keyCharactersMax} characters.`);
  if (account.inFlight.has(key)) {
    throw new ApiError(409, {
      type: 'idempotency_error',
      code: 'idempotency_key_in_use',
      message: 'There is currently another in-progress request using this Idempotency Key.',
    });
  }
  const stored = account.replies.get(key);
  if (stored === undefined) return undefined;
  if (now - stored.at > keptSeconds) {
    account.replies.delete(key);
    return undefined;
  }
  if (stored.print !== print) {
    throw new ApiError(400, {
      type: 'idempotency_error',
      message:
        'Keys for idempotent requests can only be used with the same parameters they were first used with. ' +
        `Try using a key other than '${key}' if you meant to execute a different request.`,
    });
  }
  return stored;
}
