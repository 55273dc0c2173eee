import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { openApiDocument } from '../../../src/http/openapi.ts';
import { routes } from '../../../src/http/routes.ts';
import { type Ask, type Reply, type TestService, newId, startTestService } from '../../harness/service.ts';
import { type Ready, keyWithoutScopes, ofNothing, operations } from './operations.ts';

type Operation = {
  method: string;
  operationId: string;
  responses: Record<string, { description: string }>;
  parameters: { name: string }[];
  requestBody?: object;
};
const document = openApiDocument(routes, '0.0.0') as {
  paths: Record<string, Record<string, Omit<Operation, 'method'>>>;
};
const all = Object.values(document.paths).flatMap((methods) =>
  Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase() })),
);

let shop: TestService;
let scopeless: string;
beforeAll(async () => {
  shop = await startTestService({ env: { CHALLENGE_ROUNDS: '10' } });
  scopeless = await keyWithoutScopes(shop);
});
afterAll(() => shop.close());

const isNamed = ({ parameters }: Operation): boolean =>
  parameters.some(({ name }) => name === 'Idempotency-Key');
const withQuery = ({ path, ...ready }: Ready, query: string): Ready => ({
  ...ready,
  path: `${path}${path.includes('?') ? '&' : '?'}${query}`,
});

const call = (operation: Operation, { path, body }: Ready, ask: Ask = {}): Promise<Reply> =>
  shop.call(operation.method, path, {
    ...(body === undefined ? {} : { body }),
    idempotencyKey: isNamed(operation) ? newId('req') : null,
    ...ask,
  });

type Provoke = (operation: Operation, ready: Ready) => Promise<Reply>;

/** While the first request with this key seems to be running still. */
const inFlight: Provoke = async (operation, ready) => {
  const idempotencyKey = newId('req');
  await call(operation, ready, { idempotencyKey });
  await shop.query(`update requests set reply_status = null, reply_body = null, lease_until = now() + interval '1 hour'
    where opened_at = (select max(opened_at) from requests)`);
  return call(operation, ready, { idempotencyKey });
};

/** How each status is brought about, whatever the operation. */
const provoke: Readonly<Record<string, Provoke>> = {
  200: call,
  201: call,
  400: (operation, ready) =>
    isNamed(operation)
      ? call(operation, ready, { idempotencyKey: null })
      : call(operation, withQuery(ready, 'limit=1&limit=2')),
  401: (operation, ready) => call(operation, ready, { key: null }),
  403: (operation, ready) => call(operation, ready, { key: scopeless }),
  404: (operation, ready) => call(operation, ofNothing(ready)),
  409: inFlight,
  413: (operation, ready) => call(operation, ready, { body: { filler: 'x'.repeat(40_000) } }),
  415: (operation, ready) =>
    call(operation, ready, { body: '{}', headers: { 'content-type': 'text/plain' } }),
  422: (operation, ready) =>
    operation.requestBody === undefined
      ? call(operation, withQuery(ready, 'limit=4242424242424242'))
      : call(operation, ready, { body: { unheard_of: true } }),
};

async function twice(operation: Operation, ready: Ready): Promise<Reply> {
  await call(operation, ready);
  return call(operation, ready);
}

/** And where that is not the way of an operation. */
const particular: Readonly<Record<string, Provoke>> = {
  'addShadow 409': twice,
  'activatePolicy 409': twice,
  'rollBackPolicy 409': twice,
  'createWebhookEndpoint 409': async (operation, ready) => {
    for (;;) {
      const reply = await call(operation, ready);
      if (reply.status === 201) continue;
      await shop.query('delete from webhook_endpoints');
      return reply;
    }
  },
};

/** Told to everybody and not provoked here, each with its reason. */
const elsewhere: Readonly<Record<string, string>> = {
  429: 'test/http/rate-limit.test.ts',
  500: 'below, for all operations at once',
  503: 'below, for all operations at once',
};

it('every operation and every documented status is tried', () => {
  expect(all.map(({ operationId }) => operationId).filter((id) => !(id in operations))).toEqual([]);
  const statuses = new Set(all.flatMap(({ responses }) => Object.keys(responses)));
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

describe.each(all)('$operationId', (operation) => {
  const { operationId, responses } = operation;
  const statuses = Object.keys(responses).filter((status) => status in provoke);

  it.each(statuses)('answers %s when it is due', async (status) => {
    const ready = await operations[operationId]!(shop);
    const reply = await (particular[`${operationId} ${status}`] ?? provoke[status])!(operation, ready);
    if (Number(status) >= 400) expectProblem(reply, Number(status), operation);
    else expect(reply.status).toBe(Number(status));
    if (reply.body['code'] === 'request_in_flight') expect(reply.headers.get('retry-after')).toBe('1');
  });
});

describe('a path that there is', () => {
  const known = ['DELETE', 'GET', 'PATCH', 'POST', 'PUT', 'QUERY'];
  const paths = Object.entries(document.paths).map(([path, methods]) => ({
    path: path.replaceAll(/\{\w+\}/g, 'none'),
    // `/v1/policies/check` is also a policy that is called so.
    shape: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    methods: Object.keys(methods).map((method) => method.toUpperCase()),
  }));

  it.each(paths)('$path refuses every other method with 405, and names its own', async ({ path }) => {
    const own = paths.filter(({ shape }) => shape.test(path)).flatMap(({ methods }) => methods);
    for (const method of known.filter((each) => !own.includes(each))) {
      const reply = await shop.call(method, path);
      expect(reply).toMatchObject({ status: 405, body: { status: 405, code: 'method_not_allowed' } });
      const allowed = reply.headers.get('allow')?.split(', ') ?? [];
      expect(allowed.filter((each) => known.includes(each))).toEqual(own.sort());
      expect(allowed.includes('HEAD')).toBe(own.includes('GET'));
    }
  });
});

describe('when the database', () => {
  /** Answered from memory, with a key that was just seen: the database is not asked. */
  const fromMemory = ['createChallenge', 'getLimitsProfile', 'listLists', 'listPolicies', 'checkPolicy'];
  const asking = all.filter(({ operationId }) => !fromMemory.includes(operationId));

  async function everyOperation(spoil: () => unknown, mend: () => unknown, status: number) {
    const ready = new Map<string, Ready>();
    for (const { operationId } of asking) ready.set(operationId, await operations[operationId]!(shop));
    await spoil();
    try {
      for (const operation of asking) {
        const reply = await call(operation, ready.get(operation.operationId)!);
        expectProblem(reply, status, operation);
      }
    } finally {
      await mend();
    }
  }
  const tables =
    'requests checkouts assessments events orders entries policies own_policies shadow_policies customers payment_methods deliveries disputes labels webhook_endpoints'.split(
      ' ',
    );
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
