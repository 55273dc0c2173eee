import { publishableScopes, scopes } from '../domain/scope.ts';
import type { MerchantId } from '../kernel/ids.ts';
import type { Deps } from './deps.ts';
import { issueApiKey } from './issue-api-key.ts';

/** The keys of a new merchant, in clear this once. */
export type MerchantKeys = { readonly secretKey: string; readonly publishableKey: string };

/** Makes a merchant with a key of each kind. */
export async function createMerchant(
  deps: Pick<Deps, 'clock' | 'newId'> & { readonly store: Pick<Deps['store'], 'merchants'> },
  name: string,
): Promise<{ readonly id: MerchantId; readonly keys: MerchantKeys }> {
  const id = deps.newId('mer');
  await deps.store.merchants.create({ id, name, createdAt: deps.clock() });
  const forEver = { merchantId: id, expiresAt: null, networks: [] };
  const secret = await issueApiKey(deps, { ...forEver, kind: 'secret', scopes });
  const publishable = await issueApiKey(deps, {
    ...forEver,
    kind: 'publishable',
    scopes: publishableScopes,
  });
  return { id, keys: { secretKey: secret.secret, publishableKey: publishable.secret } };
}
