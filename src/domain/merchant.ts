import type { ApiKeyId, MerchantId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Scope } from './scope.ts';

/** Whoever sells; everything but reference data belongs to one. */
export type Merchant = { readonly id: MerchantId; readonly name: string; readonly createdAt: Instant };

export type ApiKey = {
  readonly id: ApiKeyId;
  readonly merchantId: MerchantId;
  readonly kind: 'secret' | 'publishable';
  readonly scopes: readonly Scope[];
  readonly expiresAt: Instant | null;
  /** Addresses and CIDR blocks that the key may be used from; empty means anywhere. */
  readonly networks: readonly string[];
  /** Ed25519, raw: refunds with this key are taken only when they are signed by it. */
  readonly signatureKey: Uint8Array | null;
};

/** What an operator sees of a key. */
export type ListedApiKey = ApiKey & {
  readonly hint: string;
  readonly createdAt: Instant;
  readonly lastUsedAt: Instant | null;
};

export type NewApiKey = Omit<ApiKey, 'networks' | 'signatureKey'> & {
  readonly networks?: readonly string[];
  readonly signatureKey?: Uint8Array | null;
  readonly hash: Uint8Array;
  readonly hint: string;
  readonly createdAt: Instant;
};
