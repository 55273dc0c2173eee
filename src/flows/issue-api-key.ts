import type { NewApiKey } from '../domain/merchant.ts';
import type { ApiKeyId } from '../kernel/ids.ts';
import type { Deps } from './deps.ts';
import { hashSecret, newSecret } from './new-secret.ts';

type KeyDeps = Pick<Deps, 'clock' | 'newId'> & { readonly store: Pick<Deps['store'], 'merchants'> };

/** Makes a key. Its secret is in the answer, this once; only a digest is stored. */
export async function issueApiKey(
  { clock, newId, store }: KeyDeps,
  wanted: Omit<NewApiKey, 'id' | 'hash' | 'hint' | 'createdAt'>,
): Promise<{ readonly id: ApiKeyId; readonly secret: string }> {
  const secret = newSecret(wanted.kind === 'secret' ? 'sk' : 'pk');
  const id = newId('key');
  await store.merchants.addApiKey({
    ...wanted,
    id,
    hash: hashSecret(secret),
    hint: secret.slice(0, 7),
    createdAt: clock(),
  });
  return { id, secret };
}

/**
 * Makes a key that may do what another one may, and lets the other one live for `overlapMs` more: both work while the
 * shop's servers change over. Null when there is no such live key.
 */
export async function rotateApiKey(
  deps: KeyDeps,
  { id, overlapMs }: { readonly id: ApiKeyId; readonly overlapMs: number },
): Promise<{ readonly id: ApiKeyId; readonly secret: string } | null> {
  const now = deps.clock();
  const old = await deps.store.merchants.findApiKeyById(id);
  if (old === null || (old.expiresAt !== null && old.expiresAt <= now)) return null;
  const fresh = await issueApiKey(deps, old);
  const ends = now + overlapMs;
  await deps.store.merchants.expireApiKey(id, old.expiresAt === null ? ends : Math.min(ends, old.expiresAt));
  return fresh;
}
