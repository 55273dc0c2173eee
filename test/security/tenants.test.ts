import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { showFigure } from '../harness/figure.ts';
import { newId, startTestService, type TestService } from '../harness/service.ts';
import { idPrefixesOf, operations, pathWith, valuesOf, type Operation } from './operations.ts';

let shop: TestService;
/** One id of every kind that belongs to the first merchant, by its prefix. */
const ids = new Map<string, string>();
let clientSecret = '';

beforeAll(async () => {
  shop = await startTestService();
  const opened = await shop.call('POST', '/v1/checkouts', {
    body: { amount: 800_000, currency: 'EUR', customer: { email: 'first@example.com' } },
  });
  clientSecret = String(opened.body['client_secret']);
  const checkout = String(opened.body['id']);
  const held = await shop.call('POST', `/v1/checkouts/${checkout}/confirm`, {
    body: { payment_method: 'pm_card_visa' },
  });
  const rest = checkout.slice('chk_'.length);
  for (const prefix of ['chk', 'ord', 'pay', 'rev']) ids.set(prefix, `${prefix}_${rest}`);
  ids.set('asm', (held.body['assessment'] as { id: string }).id);
  const customer = await shop.call('POST', '/v1/customers', { body: {} });
  const methods = `/v1/customers/${String(customer.body['id'])}/payment-methods`;
  const kept = await shop.call('POST', methods, { body: { payment_method: 'pm_card_visa' } });
  const listed = await shop.call('POST', '/v1/lists/blocked-emails/entries', {
    body: { value: 'first@example.com', reason: 'of the first merchant' },
  });
  for (const { body } of [customer, kept, listed])
    ids.set(String(body['id']).split('_')[0]!, String(body['id']));
  // Whatever else can be made is made from the document.
  for (const { path, method, body } of operations) {
    if (method !== 'POST' || path.includes('{') || body === null) continue;
    for (const sample of fc.sample(valuesOf(body), { numRuns: 50, seed: 7 })) {
      const made = await shop.call('POST', path, { body: sample });
      const id = /"id":"(([a-z]+)_[0-9a-z]{26})"/.exec(made.text);
      if (id === null) continue;
      if (!ids.has(id[2]!)) ids.set(id[2]!, id[1]!);
      break;
    }
  }
});
afterAll(() => shop.close());

const about = operations.filter((operation) => idPrefixesOf(operation).length > 0);
type IdOf = (prefix: string) => string;
type Caller = {
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
};
const call = (operation: Operation, idOf: IdOf, caller: Caller) =>
  shop.call(operation.method, pathWith(operation, idOf), {
    ...caller,
    idempotencyKey: operation.parameters.some(({ name }) => name === 'Idempotency-Key') ? newId('req') : null,
  });

/** A body that the operation takes: the first of some whose only fault is that the id does not exist. */
async function bodyFor(operation: Operation, idOf: IdOf, key: string): Promise<unknown> {
  if (operation.body === null) return undefined;
  for (const body of fc.sample(valuesOf(operation.body), { numRuns: 50, seed: 7 })) {
    if ((await call(operation, idOf, { key, body })).status !== 422) return body;
  }
  throw new Error(`no sample of the body of ${operation.id} was taken`);
}
const firsts: IdOf = (prefix) => ids.get(prefix) ?? '';
/** Ids that nobody has; the same ones whenever asked, for replies that can be compared. */
const nobodys: IdOf = (prefix) => `${prefix}_${'0'.repeat(26)}`;
/** What a refusal says, without the request's own id. */
const said = ({ status, body }: { status: number; body: Record<string, unknown> }) => ({
  status,
  ...body,
  instance: '',
});

describe('every id of one merchant with the keys of another', () => {
  test('the matrix covers every operation that names an id', () => {
    expect(about.length).toBeGreaterThanOrEqual(11);
    expect(about.flatMap(idPrefixesOf).filter((prefix) => firsts(prefix) === '')).toEqual([]);
    showFigure(
      `tenant matrix: ${about.length} operations that name ${new Set(about.flatMap(idPrefixesOf)).size} kinds of ids, ${lists.length} lists`,
    );
  });

  test.each(about.map((operation) => [operation.id, operation] as const))(
    '%s answers as if it did not exist, and changes nothing',
    async (_, operation) => {
      const key = shop.otherKeys.secretKey;
      const body = await bodyFor(operation, nobodys, key);
      const before = await shop.counts();
      const theirs = await call(operation, firsts, { key, body });
      const nothing = await call(operation, nobodys, { key, body });
      expect(nothing.status).toBe(404);
      expect(said(theirs)).toEqual(said(nothing));
      const asBrowser = {
        key: shop.otherKeys.publishableKey,
        headers: { 'tillgate-client-secret': clientSecret },
        body,
      };
      const browser = await call(operation, firsts, asBrowser);
      // 422: a body that only servers may send, refused before anybody looks for the id.
      expect([401, 403, 404, 422]).toContain(browser.status);
      expect(said(browser)).toEqual(said(await call(operation, nobodys, asBrowser)));
      expect(await shop.counts()).toEqual(before);
    },
  );

  const lists = operations.filter(
    (operation) => operation.method === 'GET' && idPrefixesOf(operation).length === 0 && !operation.endless,
  );
  test.each(lists.map((operation) => [operation.id, operation] as const))(
    '%s shows nothing of the other merchant',
    async (_, operation) => {
      const query = operation.parameters
        .filter((parameter) => parameter.in === 'query' && parameter.required === true)
        .map(({ name, schema }) => `${name}=${String(fc.sample(valuesOf(schema), 1)[0])}`);
      const reply = await shop.call('GET', `${pathWith(operation, nobodys)}?${query.join('&')}`, {
        key: shop.otherKeys.secretKey,
      });
      expect(reply).toMatchObject({ status: 200 });
      for (const id of ids.values()) expect(reply.text).not.toContain(id.slice(4));
    },
  );

  test('an idempotency key of one merchant is another request with the key of the other', async () => {
    const ask = { idempotencyKey: 'the-same-key', body: { amount: 100, currency: 'EUR' } };
    const first = await shop.call('POST', '/v1/checkouts', ask);
    const second = await shop.call('POST', '/v1/checkouts', { ...ask, key: shop.otherKeys.secretKey });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body['id']).not.toBe(first.body['id']);
    expect(second.headers.get('idempotent-replayed')).toBeNull();
  });
});
