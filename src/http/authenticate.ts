import { hashSecret } from '../flows/new-secret.ts';
import type { Clock } from '../kernel/instant.ts';
import type { ApiKey } from '../domain/merchant.ts';
import type { Deps } from '../flows/deps.ts';

/**
 * How long a key that was found is believed without looking again: a revoked key works at most this much longer, and
 * the database is asked a few times a minute instead of for every request.
 */
const believedForMs = 5_000;

/** Keys remembered at once; beyond it the oldest is forgotten. */
const rememberedMax = 10_000;

export type Authenticate = (authorization: string | undefined) => Promise<ApiKey | null>;

/** Makes the function that turns an `Authorization: Bearer …` header into the key it names. */
export function authenticator(merchants: Deps['store']['merchants'], clock: Clock): Authenticate {
  const remembered = new Map<string, { key: Promise<ApiKey | null>; until: number }>();

  return async (authorization) => {
    const secret = /^Bearer ((?:sk|pk)_[A-Za-z0-9_-]{20,200})$/.exec(authorization ?? '')?.[1];
    if (secret === undefined) return null;
    const hash = hashSecret(secret);
    const name = hash.toString('base64');
    const now = clock();
    let known = remembered.get(name);
    if (known === undefined || known.until <= now) {
      const key = merchants.findApiKey(hash);
      known = { key, until: now + believedForMs };
      key.catch(() => remembered.delete(name));
      if (remembered.size >= rememberedMax) remembered.delete(remembered.keys().next().value ?? '');
      remembered.set(name, known);
    }
    const key = await known.key;
    return key === null || (key.expiresAt !== null && key.expiresAt <= now) ? null : key;
  };
}
