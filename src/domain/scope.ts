/** What an API key may do, by the part of the API. */
export const scopes = [
  'checkouts',
  'orders',
  'payments',
  'resolutions',
  'assessments',
  'reviews',
  'events',
  'policies',
] as const;

export type Scope = (typeof scopes)[number];

/** Browsers may pay checkouts, and only those whose secret they know. */
export const publishableScopes: readonly Scope[] = ['checkouts'];
