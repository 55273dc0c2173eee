import { randomBytes } from 'node:crypto';
import { type Challenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
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

/** Of whose payment the PSP says another amount than was asked for. */
async function doubtedOrder(shop: TestService): Promise<string> {
  const token = 'pm_card_amex';
  await shop.fault({ match: { path: '/v1/payment_intents', token }, do: 'alter', set: { amount: 1 } });
  const path = `/v1/checkouts/${await openCheckout(shop)}/confirm`;
  const { body } = await shop.call('POST', path, { body: { payment_method: token } });
  return (body['order'] as { id: string }).id;
}

async function deliverySetAside(shop: TestService): Promise<string> {
  const messageId = newId('evt');
  const name = { psp: 'stripe', account: 'default', messageId } as const;
  const witness = { messageId, type: 'of.nobody', saidAt: 0, testimony: { about: 'nothing' } } as const;
  await shop.store.deliveries.receive([
    // Later than any worker looks.
    { ...name, merchantId: shop.merchantId, witness, receivedAt: Date.now() + 3_600_000 },
  ]);
  await shop.store.deliveries.close(name, 'set_aside', 'by a test');
  return messageId;
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

async function customer(shop: TestService): Promise<string> {
  const { body } = await shop.call('POST', '/v1/customers', { body: {} });
  return `/v1/customers/${String(body['id'])}`;
}

async function keptMethod(shop: TestService): Promise<string> {
  const methods = `${await customer(shop)}/payment-methods`;
  const { body } = await shop.call('POST', methods, { body: card });
  return `${methods}/${String(body['id'])}`;
}

const endpoint = { url: 'https://shop.example.com/told' };

async function newWebhookEndpoint(shop: TestService): Promise<string> {
  const { body } = await shop.call('POST', '/v1/webhook-endpoints', { body: endpoint });
  return `/v1/webhook-endpoints/${String(body['id'])}`;
}

/** One for all, because a merchant may not have many. */
async function webhookEndpoint(shop: TestService): Promise<string> {
  const { body } = await shop.call('GET', '/v1/webhook-endpoints');
  const [known] = Object.values(body)[0] as { id: string }[];
  return known === undefined ? newWebhookEndpoint(shop) : `/v1/webhook-endpoints/${known.id}`;
}

/** What a browser makes of a challenge. */
export async function solved(challenge: Challenge): Promise<string> {
  const solution = await solveChallenge({ challenge, deriveKey });
  return Buffer.from(JSON.stringify({ challenge, solution })).toString('base64');
}

/** Asks for a challenge as a browser does, and solves it. */
export async function solutionFor(shop: TestService, purpose: string, subject?: string): Promise<string> {
  const query = `purpose=${purpose}${subject === undefined ? '' : `&subject=${subject}`}`;
  const asked = await shop.call('GET', `/v1/challenges?${query}`, { key: shop.keys.publishableKey });
  return solved(asked.body['challenge'] as Challenge);
}

const draft = 'policy: checkout\nrules: []\n';
/** Never the same twice: what is in force already is not activated again. */
const otherLogin = () =>
  `policy: login\nrules:\n  - { id: other, when: device.known_frauds > 999, then: block, reason: ${newId('req')} }\n`;
const inForceAtLogin = async (shop: TestService) =>
  String((await shop.call('GET', '/v1/policies/login')).body['hash']);
const newShadow = () => ({ name: newId('req').replace('_', '-'), source: draft });

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
  listQuarantine: () => Promise.resolve({ path: '/v1/quarantine' }),
  resolvePayment: async (shop) => ({
    path: `/v1/payments/${(await doubtedOrder(shop)).replace('ord_', 'pay_')}/resolve`,
    body: { resolution: 'ask', note: 'seen in the dashboard' },
  }),
  createAssessment: () =>
    Promise.resolve({
      path: '/v1/assessments',
      body: { event: 'account_creation', signals: { customer: { email: 'a@example.com' } } },
    }),
  getAssessment: async (shop) => {
    const made = await shop.call('POST', '/v1/assessments', { body: { event: 'login', signals: {} } });
    return { path: `/v1/assessments/${String(made.body['id'])}` };
  },
  listAssessments: async (shop) => {
    const { path } = await operations['getAssessment']!(shop);
    const { shop: key } = (await shop.call('GET', path)).body['entities'] as { shop: string };
    return { path: `/v1/assessments?kind=account&key=${key}` };
  },
  listReviews: () => Promise.resolve({ path: '/v1/reviews' }),
  approveReview: async (shop) => ({ path: `/v1/reviews/${await held(shop)}/approve` }),
  rejectReview: async (shop) => ({ path: `/v1/reviews/${await held(shop)}/reject` }),
  getLimitsProfile: () => Promise.resolve({ path: '/v1/limits-profile' }),
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
  getPolicy: () => Promise.resolve({ path: '/v1/policies/checkout' }),
  backtestPolicy: async (shop) => {
    await paidOrder(shop);
    return { path: '/v1/policies/backtest', body: { source: draft } };
  },
  listPolicies: () => Promise.resolve({ path: '/v1/policies' }),
  checkPolicy: () => Promise.resolve({ path: '/v1/policies/check', body: { source: draft } }),
  activatePolicy: async (shop) => ({
    path: '/v1/policies/login/activate',
    body: { source: otherLogin(), replaces: await inForceAtLogin(shop), because: 'a test' },
  }),
  rollBackPolicy: async (shop) => {
    const body = { source: otherLogin(), replaces: await inForceAtLogin(shop), because: 'a test' };
    const activated = await shop.call('POST', '/v1/policies/login/activate', { body });
    const replaces = String(activated.body['hash']);
    return { path: '/v1/policies/login/roll-back', body: { replaces, because: 'a test' } };
  },
  addShadow: () => Promise.resolve({ path: '/v1/shadows', body: newShadow() }),
  listShadows: () => Promise.resolve({ path: '/v1/shadows' }),
  removeShadow: async (shop) => {
    const added = await shop.call('POST', '/v1/shadows', { body: newShadow() });
    return { path: `/v1/shadows/${String(added.body['id'])}` };
  },
  listEvents: () => Promise.resolve({ path: '/v1/events' }),
  updateCheckout: async (shop) => ({
    path: `/v1/checkouts/${await openCheckout(shop)}`,
    body: { amount: 1399, currency: 'EUR' },
  }),
  incrementOrder: async (shop) => ({
    path: `/v1/orders/${await authorized(shop)}/increment`,
    body: { amount: 100, currency: 'EUR' },
  }),
  createCustomer: () => Promise.resolve({ path: '/v1/customers', body: {} }),
  getCustomer: async (shop) => ({ path: await customer(shop) }),
  createPaymentMethod: async (shop) => ({ path: `${await customer(shop)}/payment-methods`, body: card }),
  listPaymentMethods: async (shop) => ({ path: `${await customer(shop)}/payment-methods` }),
  completePaymentMethod: async (shop) => ({ path: `${await keptMethod(shop)}/complete`, body: {} }),
  removePaymentMethod: async (shop) => ({ path: await keptMethod(shop) }),
  listDisputes: () => Promise.resolve({ path: '/v1/disputes' }),
  listDeliveries: () => Promise.resolve({ path: '/v1/deliveries' }),
  retryDelivery: async (shop) => ({
    path: '/v1/deliveries/retry',
    body: { psp: 'stripe', psp_account: 'default', id: await deliverySetAside(shop) },
  }),
  labelOrder: async (shop) => ({
    path: '/v1/labels',
    body: { order: await paidOrder(shop), fraud: false },
  }),
  listLabels: () => Promise.resolve({ path: '/v1/labels' }),
  createChallenge: () => Promise.resolve({ path: '/v1/challenges?purpose=confirm' }),
  solveChallenge: async (shop) => {
    const { path } = await operations['getAssessment']!(shop);
    const subject = path.replace('/v1/assessments/', '');
    return { path: `${path}/challenge`, body: { solution: await solutionFor(shop, 'login', subject) } };
  },
  createWebhookEndpoint: () => Promise.resolve({ path: '/v1/webhook-endpoints', body: endpoint }),
  listWebhookEndpoints: () => Promise.resolve({ path: '/v1/webhook-endpoints' }),
  getWebhookEndpoint: async (shop) => ({ path: await webhookEndpoint(shop) }),
  changeWebhookEndpoint: async (shop) => ({
    path: await webhookEndpoint(shop),
    body: { description: 'changed' },
  }),
  removeWebhookEndpoint: async (shop) => ({ path: await newWebhookEndpoint(shop) }),
  rotateWebhookEndpointSecret: async (shop) => ({
    path: `${await webhookEndpoint(shop)}/rotate-secret`,
    body: {},
  }),
  listWebhookEndpointDeliveries: async (shop) => ({ path: `${await webhookEndpoint(shop)}/deliveries` }),
  replayWebhookEndpointDeliveries: async (shop) => ({
    path: `${await webhookEndpoint(shop)}/replay`,
    body: { event: newId('evt') },
  }),
};

/** The same call, about something that does not exist. */
export function ofNothing(ready: Ready): Ready {
  const text = JSON.stringify(ready)
    .replace('blocked-emails', 'no-such-list')
    .replace(/policies\/(checkout|login)/, 'policies/parting')
    .replace(/\b([a-z]{2,4})_[0-9a-z]{26}/g, (_, prefix: string) => newId(prefix));
  return JSON.parse(text) as Ready;
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
