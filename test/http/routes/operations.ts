import { randomBytes } from 'node:crypto';
import { hashSecret } from '../../../src/flows/new-secret.ts';
import { type TestService, newId } from '../../harness/service.ts';

/** A call that succeeds, ready to be made, or to be spoilt. */
export type Ready = { readonly path: string; readonly body?: unknown };

export const card = { payment_method: 'pm_card_visa' };
/** By the test policy, this much is held for review. */
const reviewed = 800_000;

export async function openCheckout(shop: TestService, body: object = {}): Promise<string> {
  const created = await shop.call('POST', '/v1/checkouts', {
    body: { amount: 1299, currency: 'EUR', ...body },
  });
  return created.body['id'] as string;
}

/** Pays a checkout; answers its order. */
export async function paidOrder(shop: TestService, body: object = {}): Promise<string> {
  const checkout = await openCheckout(shop, body);
  const paid = await shop.call('POST', `/v1/checkouts/${checkout}/confirm`, { body: card });
  return (paid.body['order'] as { id: string }).id;
}

const authorized = (shop: TestService) => paidOrder(shop, { capture_mode: 'manual' });
const held = async (shop: TestService) =>
  (await paidOrder(shop, { amount: reviewed })).replace('ord_', 'rev_');

/** Puts an address on a list; answers the entry. */
async function listed(shop: TestService): Promise<string> {
  const body = { value: 'listed@example.com', reason: 'chargebacks' };
  const added = await shop.call('POST', '/v1/lists/blocked-emails/entries', { body });
  return String(added.body['id']);
}

const snooze = { rule: 'honeypot', customer: 'ann', reason: 'a party', expires_at: '2099-12-31T23:59:59Z' };

/** How every operation of the API is called with success. */
export const operations: Readonly<Record<string, (shop: TestService) => Promise<Ready>>> = {
  createCheckout: () => Promise.resolve({ path: '/v1/checkouts', body: { amount: 1299, currency: 'EUR' } }),
  getCheckout: async (shop) => ({ path: `/v1/checkouts/${await openCheckout(shop)}` }),
  confirmCheckout: async (shop) => ({
    path: `/v1/checkouts/${await openCheckout(shop)}/confirm`,
    body: card,
  }),
  cancelCheckout: async (shop) => ({ path: `/v1/checkouts/${await openCheckout(shop)}/cancel` }),
  getOrder: async (shop) => ({ path: `/v1/orders/${await paidOrder(shop)}` }),
  captureOrder: async (shop) => ({ path: `/v1/orders/${await authorized(shop)}/capture`, body: {} }),
  cancelOrder: async (shop) => ({ path: `/v1/orders/${await authorized(shop)}/cancel` }),
  refundOrder: async (shop) => ({ path: `/v1/orders/${await paidOrder(shop)}/refunds`, body: {} }),
  getPayment: async (shop) => ({ path: `/v1/payments/${(await paidOrder(shop)).replace('ord_', 'pay_')}` }),
  createAssessment: () =>
    Promise.resolve({
      path: '/v1/assessments',
      body: { event: 'account_creation', signals: { customer: { email: 'a@example.com' } } },
    }),
  getAssessment: async (shop) => {
    const made = await shop.call('POST', '/v1/assessments', { body: { event: 'login', signals: {} } });
    return { path: `/v1/assessments/${String(made.body['id'])}` };
  },
  listReviews: () => Promise.resolve({ path: '/v1/reviews' }),
  approveReview: async (shop) => ({ path: `/v1/reviews/${await held(shop)}/approve` }),
  rejectReview: async (shop) => ({ path: `/v1/reviews/${await held(shop)}/reject` }),
  listLists: () => Promise.resolve({ path: '/v1/lists' }),
  listEntries: () => Promise.resolve({ path: '/v1/lists/blocked-emails/entries' }),
  addListEntry: () =>
    Promise.resolve({
      path: '/v1/lists/blocked-emails/entries',
      body: { value: 'a@example.com', reason: 'chargebacks' },
    }),
  findListEntry: async (shop) => {
    await listed(shop);
    return { path: '/v1/lists/blocked-emails/entries/find', body: { value: 'listed@example.com' } };
  },
  removeListEntry: async (shop) => ({ path: `/v1/lists/blocked-emails/entries/${await listed(shop)}` }),
  addSnooze: () => Promise.resolve({ path: '/v1/snoozes', body: snooze }),
  removeSnooze: async (shop) => {
    const added = await shop.call('POST', '/v1/snoozes', { body: snooze });
    return { path: `/v1/snoozes/${String(added.body['id'])}` };
  },
  listSnoozes: () => Promise.resolve({ path: '/v1/snoozes' }),
  listEvents: () => Promise.resolve({ path: '/v1/events' }),
};

/** The same path, about something that does not exist. */
export function ofNothing(path: string): string {
  return path
    .replace('blocked-emails', 'no-such-list')
    .replace(/\b([a-z]{3})_[0-9a-z]{26}/, (_, prefix: string) => newId(prefix));
}

/** A secret key that may do nothing. */
export async function keyWithoutScopes(shop: TestService): Promise<string> {
  const secret = `sk_${randomBytes(32).toString('base64url')}`;
  await shop.store.merchants.addApiKey({
    id: newId('key'),
    merchantId: shop.merchantId,
    kind: 'secret',
    scopes: [],
    hash: hashSecret(secret),
    hint: 'sk_none',
    createdAt: Date.now(),
    expiresAt: null,
  });
  return secret;
}
