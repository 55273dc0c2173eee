import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { openApiDocument } from '../../../src/http/openapi.ts';
import { routes } from '../../../src/http/routes.ts';
import { type Ask, type Reply, type TestService, newId, startTestService } from '../../harness/service.ts';
import { type Ready, keyWithoutScopes, ofNothing, operations } from './operations.ts';

type Operation = { operationId: string; responses: Record<string, { description: string }> };
const document = openApiDocument(routes, '0.0.0') as { paths: Record<string, Record<string, Operation>> };
const all = Object.values(document.paths).flatMap((methods) =>
  Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), ...operation })),
);

/** Operations that nobody has written a way to succeed for yet; the list may only get shorter. */
const untried = [
  'completePaymentMethod',
  'createCustomer',
  'createPaymentMethod',
  'getCustomer',
  'listPaymentMethods',
  'removePaymentMethod',
  'incrementOrder',
  'changeWebhookEndpoint',
  'createChallenge',
  'createWebhookEndpoint',
  'getWebhookEndpoint',
  'labelOrder',
  'listDeliveries',
  'listDisputes',
  'listLabels',
  'listWebhookEndpointDeliveries',
  'listWebhookEndpoints',
  'removeWebhookEndpoint',
  'replayWebhookEndpointDeliveries',
  'rotateWebhookEndpointSecret',
  'solveChallenge',
  'streamEvents',
  'updateCheckout',
];
const documented = all.filter(({ operationId }) => operationId in operations);

let shop: TestService;
let scopeless: string;
beforeAll(async () => {
  shop = await startTestService();
  scopeless = await keyWithoutScopes(shop);
});
afterAll(() => shop.close());

const call = (method: string, { path, body }: Ready, ask: Ask = {}): Promise<Reply> =>
  shop.call(method, path, { ...(body === undefined ? {} : { body }), ...ask });

/** While the first request with this key seems to be running still. */
async function inFlight(method: string, ready: Ready): Promise<Reply> {
  const idempotencyKey = newId('req');
  await call(method, ready, { idempotencyKey });
  await shop.query(`update requests set reply_status = null, reply_body = null, lease_until = now() + interval '1 hour'
    where opened_at = (select max(opened_at) from requests)`);
  return call(method, ready, { idempotencyKey });
}

/** How each status is brought about, whatever the operation. */
const provoke: Readonly<Record<string, (method: string, ready: Ready) => Promise<Reply>>> = {
  200: (method, ready) => call(method, ready),
  201: (method, ready) => call(method, ready),
  400: async (method, ready) => {
    const keyless = method === 'POST' ? await call(method, ready, { idempotencyKey: null }) : null;
    if (keyless?.status === 400) return keyless;
    return call(method, { ...ready, path: `${ready.path}?limit=1&limit=2` });
  },
  401: (method, ready) => call(method, ready, { key: null }),
  403: (method, ready) => call(method, ready, { key: scopeless }),
  404: (method, ready) => call(method, { ...ready, path: ofNothing(ready.path) }),
  409: inFlight,
  413: (method, ready) => call(method, ready, { body: { filler: 'x'.repeat(40_000) } }),
  415: (method, ready) => call(method, ready, { body: '{}', headers: { 'content-type': 'text/plain' } }),
  422: (method, ready) =>
    method === 'POST'
      ? call(method, ready, { body: { unheard_of: true } })
      : call(method, { path: `${ready.path}?limit=4242424242424242` }),
};

/** Told to everybody and not provoked here, each with its reason. */
const elsewhere: Readonly<Record<string, string>> = {
  429: 'test/http/rate-limit.test.ts',
  500: 'below, for all operations at once',
  503: 'below, for all operations at once',
};

it('every operation and every documented status is tried', () => {
  const missing = all.map(({ operationId }) => operationId).filter((id) => !(id in operations));
  expect(missing.filter((id) => !untried.includes(id))).toEqual([]);
  const statuses = new Set(documented.flatMap(({ responses }) => Object.keys(responses)));
  expect([...statuses].filter((status) => !(status in provoke) && !(status in elsewhere))).toEqual([]);
});

function expectProblem(reply: Reply, status: number, { responses }: Operation): void {
  expect({ status: reply.status, body: reply.body }).toMatchObject({
    status,
    body: {
      status,
      code: expect.stringMatching(/^[a-z_]+$/),
      type: expect.stringContaining('/docs/problems#'),
    },
  });
  expect(reply.headers.get('content-type')).toBe('application/problem+json');
  // The document names the codes of each status.
  expect(responses[status]?.description).toContain(`\`${String(reply.body['code'])}\``);
  expect(reply.headers.get('request-id')).toBe(reply.body['instance']);
}

describe.each(documented)('$operationId', (operation) => {
  const { method, operationId, responses } = operation;
  const statuses = Object.keys(responses).filter((status) => status in provoke);

  it.each(statuses)('answers %s when it is due', async (status) => {
    const ready = await operations[operationId]!(shop);
    const reply = await provoke[status]!(method, ready);
    if (Number(status) >= 400) expectProblem(reply, Number(status), operation);
    else expect(reply.status).toBe(Number(status));
    if (status === '409') expect(reply.headers.get('retry-after')).toBe('1');
  });
});

describe('when the database', () => {
  async function everyOperation(spoil: () => unknown, mend: () => unknown, status: number) {
    const ready = new Map<string, Ready>();
    for (const { operationId } of documented) ready.set(operationId, await operations[operationId]!(shop));
    await spoil();
    try {
      for (const operation of documented) {
        const reply = await call(operation.method, ready.get(operation.operationId)!);
        expectProblem(reply, status, operation);
      }
    } finally {
      await mend();
    }
  }
  const tables = ['requests', 'checkouts', 'assessments', 'events', 'orders', 'entries'];
  const rename = (from: string, to: string) =>
    shop.query(tables.map((name) => `alter table ${from}${name} rename to ${to}${name}`).join(';'));

  it('is not what the service expects, every operation answers 500 and says nothing of the inside', async () => {
    await everyOperation(
      () => rename('', 'lost_'),
      () => rename('lost_', ''),
      500,
    );
  });

  it('is away, every operation answers 503 and asks to come again', async () => {
    const { port, cut, listen } = await proxy(new URL(shop.databaseUrl));
    const proxied = new URL(shop.databaseUrl);
    proxied.port = String(port);
    await shop.restart({ DATABASE_URL: proxied.href });
    await everyOperation(cut, listen, 503);
    cut();
    await shop.restart();
  });
});

/** Stands between the service and its database, and can be cut. */
async function proxy({ hostname, port }: URL) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const there = connect(Number(port), hostname);
    for (const each of [socket, there]) {
      sockets.add(each);
      each.on('error', () => each.destroy()).on('close', () => sockets.delete(each));
    }
    socket.pipe(there).pipe(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const own = (server.address() as AddressInfo).port;
  return {
    port: own,
    cut: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
    listen: () => once(server.listen(own, '127.0.0.1'), 'listening'),
  };
}
