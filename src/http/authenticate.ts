import { hashSecret } from '../flows/new-secret.ts';
import type { Clock, Instant } from '../kernel/instant.ts';
import type { ApiKey } from '../domain/merchant.ts';
import type { Deps } from '../flows/deps.ts';
import type { Log } from '../observe/log.ts';

/**
 * How long a key that was found is believed without looking again: a revoked key works at most this much longer, and
 * the database is asked a few times a minute instead of for every request.
 */
const believedForMs = 5_000;

/** Keys remembered at once; beyond it the oldest is forgotten. */
const rememberedMax = 10_000;

export type Authenticate = (authorization: string | undefined) => Promise<ApiKey | null>;

/**
 * Makes the function that turns an `Authorization: Bearer …` header into the key it names. The log is told what was
 * found each time that the database is asked, which is every few seconds for a key that is used all the time.
 */
export function authenticator(
  merchants: Pick<Deps['store']['merchants'], 'findApiKey'>,
  clock: Clock,
  log: Pick<Log, 'info'>,
): Authenticate {
  const remembered = new Map<string, { key: Promise<ApiKey | null>; until: number }>();

  return async (authorization) => {
    const secret = /^Bearer ((?:sk|pk)_[A-Za-z0-9_-]{20,200})$/.exec(authorization ?? '')?.[1];
    if (secret === undefined) return null;
    const hash = hashSecret(secret);
    const name = hash.toString('base64');
    const now = clock();
    let known = remembered.get(name);
    if (known === undefined || known.until <= now) {
      const key = merchants.findApiKey(hash).then((found) => {
        const named = found && { key_id: found.id, merchant_id: found.merchantId, kind: found.kind };
        const said = found === null ? 'unknown' : hasExpired(found, now) ? 'expired' : 'accepted';
        log.info('a key was looked up', { outcome: said, ...named });
        return found;
      });
      known = { key, until: now + believedForMs };
      key.catch(() => remembered.delete(name));
      if (remembered.size >= rememberedMax) remembered.delete(remembered.keys().next().value ?? '');
      remembered.set(name, known);
    }
    const key = await known.key;
    return key === null || hasExpired(key, now) ? null : key;
  };
}

function hasExpired({ expiresAt }: ApiKey, now: Instant): boolean {
  return expiresAt !== null && expiresAt <= now;
}
