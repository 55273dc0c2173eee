import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Pool } from 'pg';
import { Webhook } from 'standardwebhooks';
import type { Event } from '../../src/domain/events/event.ts';
import { retryScheduleMs, waitAfter } from '../../src/domain/events/webhook-endpoint.ts';
import { readWebhook } from '../../src/events/client/client.ts';
import { webhookCalls } from '../../src/events/webhooks/calls.ts';
import { signedHeaders } from '../../src/events/webhooks/signature.ts';
import { relayWebhook } from '../../src/flows/relay-webhook.ts';
import type { WebhookEndpointId } from '../../src/kernel/ids.ts';
import { makeLog } from '../../src/observe/log.ts';
import { startWebhookRelay } from '../../src/workers/relay-webhooks.ts';
import { planByKey } from '../../src/store/database.ts';
import { sql } from '../../src/store/sql.ts';
import { type Outbox, freshOutbox, manyEvents, newId } from './outbox.ts';
import { installationSecret } from './far-ends.ts';

/** Of a worker that does nothing yet. */
const room = { perEndpoint: 10, inFlight: new Map<WebhookEndpointId, number>(), leaseMs: 25_000 };

describe('a signature', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';

  test('is that of the published vector', () => {
    expect(signedHeaders(id, 1_614_265_330_000, '{"test": 2432232314}', [secret])).toEqual({
      'webhook-id': id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  test('of a rotation is verified by the independent library with either secret, and by no other', () => {
    const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const headers = signedHeaders(id, Date.now(), '{"a":1}', [other, secret]);
    expect(new Webhook(secret).verify('{"a":1}', headers)).toEqual({ a: 1 });
    expect(new Webhook(other).verify('{"a":1}', headers)).toEqual({ a: 1 });
    expect(() =>
      new Webhook(`whsec_${Buffer.alloc(32, 8).toString('base64')}`).verify('{"a":1}', headers),
    ).toThrow();
    expect(() => new Webhook(secret).verify('{"a":2}', headers)).toThrow();
  });

  test('that is six minutes old is refused', () => {
    const headers = signedHeaders(id, Date.now() - 6 * 60_000, '{}', [secret]);
    expect(() => new Webhook(secret).verify('{}', headers)).toThrow(/old/);
  });
});

describe('the schedule', () => {
  test('is the published one, each wait up to a fifth longer, and then ends', () => {
    for (let tries = 1; tries < retryScheduleMs.length; tries += 1) {
      expect(waitAfter(tries, 0)).toBe(retryScheduleMs[tries]);
      expect(waitAfter(tries, 0.999_999)).toBeCloseTo((retryScheduleMs[tries] ?? 0) * 1.2, -2);
    }
    expect(waitAfter(retryScheduleMs.length, 0)).toBeNull();
    expect(waitAfter(1, 0, 60_000)).toBe(60_000);
  });
});

describe('an endpoint', () => {
  let outbox: Outbox;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  const arrived: { path: string; body: string; headers: Record<string, string> }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      const headers = request.headers as Record<string, string>;
      arrived.push({ path: request.url ?? '', body: Buffer.concat(chunks).toString(), headers });
      answer(request, response);
    });
  });
  const calls = webhookCalls({ installationSecret, allowed: { loopback: true }, timeoutMs: 1_500 });
  beforeAll(async () => {
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await calls.close();
    server.closeAllConnections();
    server.close();
  });
  beforeEach(async () => {
    outbox = await freshOutbox();
    arrived.length = 0;
    answer = (_request, response) => response.end();
  });
  afterEach(() => outbox.drop());

  const deps = () => ({ store: outbox.store, clock: Date.now, newId, calls, random: () => 0 });
  const addEndpoint = async (path: string, more: { types?: Event['type'][]; url?: string } = {}) => {
    const id = newId('whe');
    await outbox.store.webhooks.create({
      id,
      merchantId: outbox.merchantId,
      url: more.url ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
      types: more.types ?? [],
      description: '',
      secretNumber: 1,
      oldSecretUntil: null,
      createdAt: Date.now(),
      state: 'enabled',
    });
    return id;
  };
  const say = async (orders: number, perOrder: number) => {
    const events = manyEvents(outbox.merchantId, orders, perOrder);
    await outbox.store.events.append(events);
    await outbox.store.webhooks.enqueue(events, { ...room, perEndpoint: 0 });
    return events;
  };
  /** One pass over what is due now. */
  const deliver = async () => {
    const due = await outbox.store.webhooks.claimDue(room);
    await Promise.all(due.map((each) => relayWebhook(deps(), each)));
    return due.length;
  };
  const shown = (id: WebhookEndpointId) => outbox.store.webhooks.deliveries(outbox.merchantId, id, 100);
  /** As if the wait were over. */
  const skipWaits = () =>
    outbox.database.rows(sql`update webhook_deliveries set try_at = now() where state = 'open'`);

  test('gets only the types it asked for', async () => {
    await addEndpoint('/all');
    await addEndpoint('/captured', { types: ['order.captured'] });
    await say(1, 1);
    await deliver();
    expect(arrived.map(({ path }) => path)).toEqual(['/all']);
  });

  test('is called with both secrets while a rotation overlaps', async () => {
    const id = await addEndpoint('/');
    await outbox.store.webhooks.rotate(outbox.merchantId, id, Date.now() + 60_000);
    await say(1, 1);
    await deliver();
    const [{ body, headers }] = arrived as [(typeof arrived)[number]];
    for (const number of [1, 2]) {
      expect(readWebhook(body, headers, [calls.secretOf(id, number)])).toMatchObject({ sequence: 1 });
    }
    expect(() => readWebhook(body, headers, [calls.secretOf(id, 3)])).toThrow();
  });

  test('that fails is tried again, and an order’s next event waits for it', async () => {
    const id = await addEndpoint('/');
    answer = (_request, response) => response.writeHead(500).end();
    const [one, two] = await say(1, 2);
    const deliveryOf = async (event: Event | undefined) =>
      (await shown(id)).find(({ eventId }) => eventId === event?.id);
    expect(await deliver()).toBe(1);
    expect(await deliver()).toBe(0);
    // What waits in line is due with the first, so that nobody has to look at it before.
    expect((await deliveryOf(two))?.tryAt).toBe((await deliveryOf(one))?.tryAt);
    answer = (_request, response) => response.end();
    await outbox.database.rows(sql`update webhook_deliveries set try_at = now() where tries = 1`);
    expect(await deliver()).toBe(1);
    expect(await deliver()).toBe(1);
    const first = await deliveryOf(one);
    expect(first).toMatchObject({ state: 'delivered', tries: 2 });
    expect(first?.attempts.map(({ status, outcome }) => [status, outcome])).toEqual([
      [500, 'answered 500'],
      [200, 'delivered'],
    ]);
    expect(await deliveryOf(two)).toMatchObject({ state: 'delivered', tries: 1 });
  });

  test('that redirects, breaks off or does not answer has failed [F14.3]', async () => {
    const id = await addEndpoint('/');
    const misbehaviours: (typeof answer)[] = [
      (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end(),
      (request) => request.socket.destroy(),
      () => undefined,
    ];
    await say(1, 1);
    for (answer of misbehaviours) {
      await skipWaits();
      await deliver();
    }
    const [delivery] = await shown(id);
    expect(delivery).toMatchObject({ state: 'open', tries: 3 });
    expect(delivery?.attempts.map(({ status }) => status)).toEqual([302, null, null]);
    expect(arrived.every(({ path }) => path === '/')).toBe(true);
  });

  test('with an endless body costs no more than its first kilobytes [F14.4]', async () => {
    await addEndpoint('/');
    let sent = 0;
    answer = (_request, response) => {
      response.writeHead(200);
      const pour = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      response.on('drain', pour);
      pour();
    };
    await say(1, 1);
    await deliver();
    expect(sent).toBeLessThan(20_000_000);
  });

  test('that says it is gone is disabled, which is an event [F14.6]', async () => {
    const id = await addEndpoint('/');
    answer = (_request, response) => response.writeHead(410).end();
    await say(2, 1);
    await deliver();
    expect(await outbox.store.webhooks.find(outbox.merchantId, id)).toMatchObject({
      state: 'disabled',
      because: 'gone',
    });
    const events = await outbox.store.events.list(outbox.merchantId, null, 100);
    const disabled = events.filter(({ event }) => event.type === 'webhook_endpoint.disabled');
    expect(disabled.map(({ event }) => [event.sequence, event.data])).toEqual([
      [1, { endpointId: id, because: 'gone' }],
    ]);
    await skipWaits();
    expect(await deliver()).toBe(0);
    await outbox.store.webhooks.enable(outbox.merchantId, id);
    expect(await deliver()).toBe(2);
  });

  test('that fails for a whole schedule, days of 5xx, is disabled [F14.5]', async () => {
    const id = await addEndpoint('/');
    answer = (_request, response) => response.writeHead(503).end();
    await say(1, 1);
    for (const _wait of retryScheduleMs) {
      await skipWaits();
      await deliver();
    }
    expect(await shown(id)).toMatchObject([{ state: 'given_up', tries: 10 }]);
    expect(await outbox.store.webhooks.find(outbox.merchantId, id)).toMatchObject({
      state: 'disabled',
      because: 'failing',
    });
  });

  test('that has succeeded with another event meanwhile is not disabled', async () => {
    const id = await addEndpoint('/');
    answer = (_request, response) => response.writeHead(503).end();
    await say(1, 1);
    for (const wait of retryScheduleMs) {
      if (wait === retryScheduleMs.at(-1)) {
        answer = (_request, response) => response.end();
        await outbox.database.rows(sql`update webhook_deliveries set try_at = now() + interval '1 hour'`);
        await say(1, 1);
        await deliver();
        answer = (_request, response) => response.writeHead(503).end();
      }
      await skipWaits();
      await deliver();
    }
    expect((await shown(id)).map(({ state }) => state)).toEqual(['delivered', 'given_up']);
    expect(await outbox.store.webhooks.find(outbox.merchantId, id)).toMatchObject({ state: 'enabled' });
  });

  test('that stays disabled keeps old months no longer than deliveries are shown', async () => {
    const id = await addEndpoint('/');
    const stays = await addEndpoint('/');
    await say(1, 1);
    const endpoint = (await outbox.store.webhooks.find(outbox.merchantId, id))!;
    await outbox.store.webhooks.disable(endpoint, 'gone', { id: newId('evt'), at: Date.now() });
    expect(await outbox.store.webhooks.forgetBefore(Date.now() - 60_000)).toBe(0);
    expect(await outbox.store.webhooks.forgetBefore(Date.now() + 60_000)).toBe(1);
    expect(await shown(id)).toEqual([]);
    expect(await shown(stays)).toMatchObject([{ state: 'open' }]);
  });

  test('that is slow delays no other', async () => {
    await addEndpoint('/slow');
    await addEndpoint('/fast');
    answer = (request, response) => {
      if (request.url === '/fast') response.end();
    };
    await say(60, 1);
    const worker = startWebhookRelay(deps(), makeLog({ level: 'silent' }));
    const fast = () => arrived.filter(({ path }) => path === '/fast').length;
    for (let rounds = 0; rounds < 1_000 && fast() < 60; rounds += 1) await sleep(10);
    // The slow one has not answered once in this time, nor been given up: its calls are still under way.
    expect(fast()).toBe(60);
    expect(arrived.filter(({ path }) => path === '/slow').length).toBeLessThanOrEqual(40);
    answer = (_request, response) => response.end();
    await worker.stop();
  });

  test('can have one event, or what it missed, sent again', async () => {
    const missed = await say(2, 1);
    const id = await addEndpoint('/');
    const { webhooks } = outbox.store;
    const [event] = await say(1, 1);
    await deliver();
    expect(await webhooks.replay(outbox.merchantId, id, { eventId: event!.id })).toBe(1);
    const span = { from: Date.now() - 60_000, to: Date.now() + 60_000 };
    expect(await webhooks.replay(outbox.merchantId, id, { ...span, only: 'missed' })).toBe(2);
    await deliver();
    expect(arrived.map(({ headers }) => headers['webhook-id']).sort()).toEqual(
      [event!.id, event!.id, ...missed.map(({ id: missedId }) => missedId)].sort(),
    );
    expect(await webhooks.replay(outbox.merchantId, id, { ...span, only: 'all' })).toBe(3);
  });

  test('can have one event that it was never sent, of a type that it did not ask for', async () => {
    const [missed] = await say(2, 1);
    const id = await addEndpoint('/', { types: ['order.captured'] });
    const { webhooks } = outbox.store;
    expect(await webhooks.replay(outbox.merchantId, id, { eventId: newId('evt') })).toBe(0);
    expect(await webhooks.replay(newId('mer'), id, { eventId: missed!.id })).toBe(0);
    expect(await webhooks.replay(outbox.merchantId, id, { eventId: missed!.id })).toBe(1);
    await deliver();
    expect(arrived.map(({ headers }) => headers['webhook-id'])).toEqual([missed!.id]);
  });

  test('cannot have an event sent again that has left the database, and nothing waits behind it', async () => {
    const id = await addEndpoint('/');
    const [event] = await say(1, 1);
    await deliver();
    await outbox.database.rows(sql`truncate events`);
    expect(await outbox.store.webhooks.replay(outbox.merchantId, id, { eventId: event!.id })).toBe(0);
    expect(await shown(id)).toMatchObject([{ state: 'delivered' }]);
  });

  test('is called at once with what waits for nothing, as far as there is room', async () => {
    const id = await addEndpoint('/');
    const events = manyEvents(outbox.merchantId, 5, 2);
    await outbox.store.events.append(events);
    const claimed = await outbox.store.webhooks.enqueue(events, {
      ...room,
      perEndpoint: 4,
      inFlight: new Map([[id, 1]]),
    });
    expect(claimed.map(({ event }) => events.indexOf(event)).sort()).toEqual([0, 1, 2]);
    expect(await outbox.store.webhooks.enqueue(events, room)).toEqual([]);
    const later = await outbox.store.webhooks.claimDue(room);
    const places = later.map(({ event }) => events.findIndex(({ id: made }) => made === event.id));
    expect(places.sort()).toEqual([3, 4]);
  });

  test('gets its events through their key, though the statement was planned before there were any', async () => {
    const query = jest.spyOn(Pool.prototype, 'query');
    await outbox.store.webhooks.claimDue(room);
    const { text } = query.mock.calls[0]?.[0] as unknown as { text: string };
    query.mockRestore();
    const options = Object.entries(planByKey).map(([name, value]) => `-c ${name}=${value}`);
    const client = new Client({ connectionString: outbox.url, options: options.join(' ') });
    await client.connect();
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain (generic_plan) ${text}`);
    await client.end();
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    const indexes = [...plan.matchAll(/using (\w+) on events_/g)].map(([, index]) => index);
    expect(indexes.length).toBeGreaterThan(3);
    for (const index of indexes) expect(index).toMatch(/^events_\w+_pkey$/);
  });

  test('is not called by two workers at once with the same event', async () => {
    await addEndpoint('/');
    await say(30, 1);
    const { webhooks } = outbox.store;
    const claims = await Promise.all(Array.from({ length: 10 }, () => webhooks.claimDue(room)));
    const ids = claims.flat().map(({ event }) => event.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(0);
  });
});
