import { type Scope, scopes } from '../domain/scope.ts';
import type { MerchantId } from '../kernel/ids.ts';
import type { Deps } from './deps.ts';
import { hashSecret, newSecret } from './secret.ts';

/** The keys of a new merchant, in clear this once. */
export type MerchantKeys = { readonly secretKey: string; readonly publishableKey: string };

/** Browsers may pay checkouts, and only those whose secret they know. */
const publishableScopes: readonly Scope[] = ['checkouts'];

/** Makes a merchant with a key of each kind. */
export async function createMerchant(
  deps: Pick<Deps, 'clock' | 'newId'> & { readonly store: Pick<Deps['store'], 'merchants'> },
  name: string,
): Promise<{ readonly id: MerchantId; readonly keys: MerchantKeys }> {
  const { merchants } = deps.store;
  const id = deps.newId('mer');
  const createdAt = deps.clock();
  await merchants.create({ id, name, createdAt });
  const keys = { secretKey: newSecret('sk'), publishableKey: newSecret('pk') };
  const add = (kind: 'secret' | 'publishable', key: string, allowed: readonly Scope[]) =>
    merchants.addApiKey({
      id: deps.newId('key'),
      merchantId: id,
      kind,
      scopes: allowed,
      hash: hashSecret(key),
      hint: key.slice(0, 7),
      createdAt,
      expiresAt: null,
    });
  await add('secret', keys.secretKey, scopes);
  await add('publishable', keys.publishableKey, publishableScopes);
  return { id, keys };
}
