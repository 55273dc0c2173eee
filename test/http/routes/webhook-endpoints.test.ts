import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { type Reply, type TestService, eventually, startTestService } from '../../harness/service.ts';
import { manyEvents } from '../../events/outbox.ts';

type Call = { readonly path: string; readonly body: string; readonly headers: Record<string, string> };

let shop: TestService;
let server: Server;
let answer = 200;
const calls: Call[] = [];
beforeAll(async () => {
  shop = await startTestService({ env: { EVENTS_WEBHOOKS_TO_LOOPBACK: 'true' } });
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      const headers = request.headers as Record<string, string>;
      calls.push({ path: request.url ?? '', body: Buffer.concat(chunks).toString(), headers });
      response.writeHead(answer).end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await shop.close();
});
beforeEach(async () => {
  answer = 200;
  await shop.query('delete from webhook_endpoints');
  calls.length = 0;
});

const urlOf = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
const add = (body: object): Promise<Reply> => shop.call('POST', '/v1/webhook-endpoints', { body });
const one = async (path: string, more: object = {}): Promise<{ id: string; secret: string }> =>
  (await add({ url: urlOf(path), ...more })).body as { id: string; secret: string };
const at = (id: string, rest = ''): string => `/v1/webhook-endpoints/${id}${rest}`;
const pay = async (): Promise<string> => {
  const { body } = await shop.call('POST', '/v1/checkouts', { body: { amount: 1299, currency: 'EUR' } });
  const paid = await shop.call('POST', `/v1/checkouts/${String(body['id'])}/confirm`, {
    body: { payment_method: 'pm_card_visa' },
  });
  return (paid.body['order'] as { id: string }).id;
};
const callsTo = (path: string, count: number): Promise<Call[]> =>
  eventually(() => {
    const found = calls.filter((call) => call.path === path);
    return Promise.resolve(found.length >= count && found);
  });
const typeOf = ({ body }: Call): string => (JSON.parse(body) as { type: string }).type;

test('an endpoint gets the types it asked for, signed with the secret it was shown once', async () => {
  const all = await add({ url: urlOf('/all'), description: 'the warehouse' });
  expect(all.status).toBe(201);
  expect(all.body).toMatchObject({ status: 'enabled', types: [], secret: expect.stringMatching(/^whsec_/) });
  const some = await one('/some', { types: ['order.captured'] });
  const shown = await shop.call('GET', at(some.id));
  expect(shown.body).toMatchObject({ id: some.id, types: ['order.captured'] });
  expect(shown.text).not.toContain('whsec_');

  const orderId = await pay();
  const [captured] = await callsTo('/some', 1);
  const event = new Webhook(some.secret).verify(captured?.body ?? '', captured?.headers ?? {});
  expect(event).toMatchObject({ type: 'order.captured', subject: orderId });
  const told = await callsTo('/all', 3);
  expect(told.map(typeOf).sort()).toEqual(['assessment.made', 'order.captured', 'order.created']);
  expect(calls.filter(({ path }) => path === '/some')).toHaveLength(1);
});

test('ten rotations at once show ten secrets, and changes among them undo none', async () => {
  const { id, secret } = await one('/race');
  const turns = Array.from({ length: 10 }, (_, nth) => nth);
  const change = (nth: number) => shop.call('PATCH', at(id), { body: { description: `turn ${nth}` } });
  const rotations = turns.map(() => shop.call('POST', at(id, '/rotate-secret'), { body: {} }));
  const changes = turns.map(change);
  const secrets = (await Promise.all(rotations)).map(({ body }) => String(body['secret']));
  expect(new Set([secret, ...secrets]).size).toBe(11);
  for (const { status } of await Promise.all(changes)) expect(status).toBe(200);
  const rows = await shop.query(`select secret_number from webhook_endpoints where id = '${id}'`);
  expect(rows).toEqual([{ secret_number: 11 }]);
});

test('while a rotation overlaps both secrets verify, and then only the new one', async () => {
  const { id, secret: old } = await one('/rotate', { types: ['order.captured'] });
  const rotated = await shop.call('POST', at(id, '/rotate-secret'), { body: { overlap_seconds: 600 } });
  const fresh = rotated.body['secret'] as string;
  expect(fresh).not.toBe(old);
  await pay();
  const [during] = await callsTo('/rotate', 1);
  for (const secret of [old, fresh]) {
    expect(new Webhook(secret).verify(during?.body ?? '', during?.headers ?? {})).toMatchObject({
      type: 'order.captured',
    });
  }
  const leaked = await shop.call('POST', at(id, '/rotate-secret'), { body: { overlap_seconds: 0 } });
  await pay();
  const [, after] = await callsTo('/rotate', 2);
  const verify = (secret: string) => new Webhook(secret).verify(after?.body ?? '', after?.headers ?? {});
  expect(verify(leaked.body['secret'] as string)).toMatchObject({ type: 'order.captured' });
  expect(() => verify(fresh)).toThrow();
});

test('410 disables an endpoint, which the others are told; enabled again, it gets what waited', async () => {
  const { id } = await one('/gone', { types: ['order.captured'] });
  await one('/watch', { types: ['webhook_endpoint.disabled'] });
  answer = 410;
  await pay();
  await callsTo('/gone', 1);
  const shown = async () => (await shop.call('GET', at(id))).body;
  await eventually(async () => (await shown())['status'] === 'disabled');
  expect(await shown()).toMatchObject({ status: 'disabled', because: 'gone' });
  answer = 200;
  const [news] = await callsTo('/watch', 1);
  expect(JSON.parse(news?.body ?? '')).toMatchObject({ data: { endpoint_id: id, because: 'gone' } });
  await shop.call('PATCH', at(id), { body: { status: 'enabled' } });
  await shop.query(`update webhook_deliveries set try_at = now() where state = 'open'`);
  await callsTo('/gone', 2);
});

test('deliveries show every attempt, and one event or a span of time can be sent again', async () => {
  const { id } = await one('/replay', { types: ['order.captured'] });
  await pay();
  const [first] = await callsTo('/replay', 1);
  const eventId = first?.headers['webhook-id'] ?? '';
  const deliveries = async () =>
    (await shop.call('GET', at(id, '/deliveries'))).body['deliveries'] as {
      status: string;
      attempts: unknown[];
    }[];
  await eventually(async () => (await deliveries())[0]?.status === 'delivered');
  expect(await deliveries()).toMatchObject([
    { event: eventId, tries: 1, next_try_at: null, attempts: [{ status: 200, outcome: 'delivered' }] },
  ]);

  const replay = (body: object) => shop.call('POST', at(id, '/replay'), { body });
  expect((await replay({ event: eventId })).body).toEqual({ replayed: 1 });
  const [, copy] = await callsTo('/replay', 2);
  expect(copy?.headers['webhook-id']).toBe(eventId);
  await eventually(async () => (await deliveries())[0]?.attempts.length === 2);
  const span = {
    from: new Date(Date.now() - 60_000).toISOString(),
    to: new Date(Date.now() + 60_000).toISOString(),
  };
  expect((await replay({ ...span, only: 'missed' })).body).not.toEqual({ replayed: 0 });
  expect((await replay({ ...span, only: 'missed' })).body).toEqual({ replayed: 0 });
});

test('what was said before there was an endpoint is missed, and can be sent to it', async () => {
  await one('/before', { types: ['order.authorized'] });
  const events = manyEvents(shop.merchantId, 3, 1);
  await shop.store.events.append(events);
  await callsTo('/before', 3);
  const { id } = await one('/late', { types: ['order.authorized'] });
  const body = {
    from: new Date(Math.min(...events.map((event) => event.at))).toISOString(),
    to: new Date().toISOString(),
    only: 'missed',
  };
  expect((await shop.call('POST', at(id, '/replay'), { body })).body).toEqual({ replayed: 3 });
  const ids = (await callsTo('/late', 3)).map(({ headers }) => headers['webhook-id']);
  expect(ids.sort()).toEqual(events.map((event) => event.id).sort());
});

test.each([
  ['GET', ''],
  ['PATCH', ''],
  ['DELETE', ''],
  ['GET', '/deliveries'],
  ['POST', '/replay'],
  ['POST', '/rotate-secret'],
])('%s of an endpoint that is not there%s, or is another merchant’s, is 404', async (method, rest) => {
  const { id } = await one('/own');
  const body = {
    PATCH: { description: 'x' },
    POST: rest === '/replay' ? { event: `evt_${id.slice(4)}` } : {},
  }[method];
  const ask = { ...(body === undefined ? {} : { body }) };
  for (const [path, key] of [
    [at('whe_01kawk3v7q9k0t5xw7h2m4n6p8', rest), shop.keys.secretKey],
    [at(id, rest), shop.otherKeys.secretKey],
  ] as const) {
    const reply = await shop.call(method, path, { ...ask, key });
    expect([reply.status, reply.body['code']]).toEqual([404, 'not_found']);
  }
});

test.each(['https://10.0.0.1/', 'https://169.254.169.254/', 'ftp://example.com/', 'nonsense'])(
  'an endpoint at %s is refused',
  async (url) => {
    const reply = await add({ url });
    expect([reply.status, reply.body['code']]).toEqual([422, 'webhook_url_refused']);
  },
);
