/** What an API key may do, by the part of the API. */
export type Scope = 'checkouts' | 'orders' | 'payments' | 'assessments' | 'reviews' | 'events';

export const scopes: readonly Scope[] = [
  'checkouts',
  'orders',
  'payments',
  'assessments',
  'reviews',
  'events',
];
