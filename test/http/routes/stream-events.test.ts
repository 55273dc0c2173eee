import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect } from 'node:net';
import { createMerchant } from '../../../src/flows/create-merchant.ts';
import { issueApiKey } from '../../../src/flows/issue-api-key.ts';
import { streamsMax } from '../../../src/http/routes/stream-events.ts';
import { manyEvents } from '../../events/outbox.ts';
import { type TestService, eventually, newId, startTestService } from '../../harness/service.ts';

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService();
  await shop.events();
});
afterAll(() => shop.close());

/** What a new installation says by itself: one policy.activated for each policy. */
const atStart = 4;

/** More than any wait here should take on a busy machine; what does not come by then is a failure and not a hang. */
const patienceMs = 20_000;

async function say(count: number): Promise<string[]> {
  const events = manyEvents(shop.merchantId, count, 1);
  await shop.store.events.append(events);
  return events.map(({ id }) => id);
}

type Message = { readonly id: string; readonly event: string; readonly data: { readonly id: string } };

async function open(query = '', headers: Record<string, string> = {}, key = shop.keys.secretKey) {
  const closing = new AbortController();
  const response = await fetch(`${shop.api}/v1/events/stream${query}`, {
    headers: { authorization: `Bearer ${key}`, ...headers },
    signal: AbortSignal.any([closing.signal, AbortSignal.timeout(patienceMs)]),
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    retryAfter: response.headers.get('retry-after'),
    /** The next messages, as soon as there are so many. */
    take: async (count: number): Promise<Message[]> => {
      for (;;) {
        const messages = messagesOf(text);
        if (messages.length >= count) {
          text = '';
          return messages;
        }
        const { value, done } = (await reader?.read()) ?? { done: true };
        if (done) throw new Error(`the stream ended after ${messages.length} of ${count} messages`);
        text += value;
      }
    },
    close: () => closing.abort(),
  };
}

function messagesOf(text: string): Message[] {
  const whole = text.slice(0, text.lastIndexOf('\n\n') + 1).split('\n\n');
  return whole.flatMap((block) => {
    const [, id, event, data] = /^id: (.*)\nevent: (.*)\ndata: (.*)$/m.exec(block.trim()) ?? [];
    return id === undefined
      ? []
      : [{ id, event: event ?? '', data: JSON.parse(data ?? '') as Message['data'] }];
  });
}

const idsOf = (messages: readonly Message[]): string[] => messages.map(({ data }) => data.id);

test('a stream tells what is there, then what comes', async () => {
  const before = await say(3);
  const stream = await open();
  expect([stream.status, stream.type]).toEqual([200, 'text/event-stream']);
  expect(idsOf(await stream.take(atStart + 3)).slice(atStart)).toEqual(before);
  const later = await say(2);
  const messages = await stream.take(2);
  expect(idsOf(messages)).toEqual(later);
  expect(messages.map(({ event }) => event)).toEqual(['order.authorized', 'order.authorized']);
  stream.close();
});

test.each(['after', 'Last-Event-ID'])('a reader that was cut off goes on by %s', async (by) => {
  const first = await open();
  const all = await first.take(atStart + 5);
  first.close();
  const missed = await say(4);
  const last = all.at(-1)?.id ?? '';
  const second = await open(
    by === 'after' ? `?after=${last}` : '',
    by === 'after' ? {} : { 'last-event-id': last },
  );
  expect(idsOf(await second.take(4))).toEqual(missed);
  second.close();
});

test('the pages of /v1/events and the stream share their cursors', async () => {
  const { body } = await shop.call('GET', '/v1/events?limit=2');
  const stream = await open(`?after=${String(body['next'])}`);
  const [third] = await stream.take(1);
  const next = await shop.call('GET', `/v1/events?limit=1&after=${String(body['next'])}`);
  expect([third?.data]).toEqual(next.body['events']);
  stream.close();
});

test('a merchant reads nothing of another', async () => {
  const { body } = await shop.call('GET', '/v1/events', { key: shop.otherKeys.secretKey });
  const theirs = await open(`?after=${String(body['next'])}`, {}, shop.otherKeys.secretKey);
  await say(1);
  const own = manyEvents(await otherMerchant(), 1, 1);
  await shop.store.events.append(own);
  expect(idsOf(await theirs.take(1))).toEqual(own.map(({ id }) => id));
  theirs.close();
});

test('a stream ends when its key is revoked', async () => {
  const deps = { clock: Date.now, newId, store: shop.store };
  const key = { merchantId: shop.merchantId, kind: 'secret', scopes: ['events'], expiresAt: null } as const;
  const { id, secret } = await issueApiKey(deps, key);
  const stream = await open('', {}, secret);
  await stream.take(atStart);
  await shop.store.merchants.expireApiKey(id, Date.now());
  await expect(stream.take(1_000)).rejects.toThrow(/the stream ended/);
});

test('a reader that does not read loses nothing, and delays no other', async () => {
  const { body: page } = await shop.call('GET', '/v1/events?limit=999');
  const from = String(page['next']);
  const { hostname, port } = new URL(shop.api);
  const slow = connect(Number(port), hostname).pause();
  let text = '';
  slow.write(
    `GET /v1/events/stream?after=${from} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${shop.keys.secretKey}\r\n\r\n`,
  );
  const said = await say(2_000);
  const other = await open(`?after=${from}`);
  expect(idsOf(await other.take(2_000))).toEqual(said);
  other.close();
  slow.on('data', (chunk: Buffer) => (text += chunk.toString())).resume();
  await eventually(() => Promise.resolve(text.includes(said.at(-1) ?? 'none')));
  const seen = [...text.matchAll(/"id":"(evt_\w+)"/g)].map(([, id]) => id);
  expect(seen).toEqual(said);
  slow.destroy();
});

test('a sixth stream is refused until one of the five is gone', async () => {
  const streams = await Promise.all(Array.from({ length: 5 }, () => open()));
  const sixth = await open();
  expect([sixth.status, sixth.retryAfter]).toEqual([429, '10']);
  sixth.close();
  streams[0]?.close();
  await eventually(async () => {
    const again = await open();
    again.close();
    return again.status === 200;
  });
  for (const stream of streams) stream.close();
});

test('readers that hang up while they are let in take nobody’s place', async () => {
  const { hostname, port } = new URL(shop.api);
  for (let nth = 0; nth < 3 * streamsMax.ofMerchant; nth += 1) {
    const socket = connect(Number(port), hostname);
    const head = `GET /v1/events/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${shop.keys.secretKey}\r\n\r\n`;
    await new Promise<void>((resolve) => void socket.write(head, () => resolve()));
    socket.destroy();
  }
  await eventually(async () => {
    const streams = await Promise.all(Array.from({ length: streamsMax.ofMerchant }, () => open()));
    for (const stream of streams) stream.close();
    return streams.every(({ status }) => status === 200);
  });
});

test('when the process has as many streams as it may, one more is told to come back, whosever it is', async () => {
  const deps = { store: shop.store, newId, clock: Date.now };
  const merchants = Array.from({ length: streamsMax.inAll / streamsMax.ofMerchant }, () =>
    createMerchant(deps, 'many'),
  );
  const keys = (await Promise.all(merchants)).map((merchant) => merchant.keys.secretKey);
  const streams: Awaited<ReturnType<typeof open>>[] = [];
  // Not all at once: that would be too many listings.
  for (const key of keys)
    streams.push(
      ...(await Promise.all(Array.from({ length: streamsMax.ofMerchant }, () => open('', {}, key)))),
    );
  expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
  const more = await open();
  expect([more.status, more.retryAfter, more.type]).toEqual([503, '30', 'application/problem+json']);
  more.close();
  for (const stream of streams) stream.close();
  await eventually(async () => {
    const again = await open();
    again.close();
    return again.status === 200;
  });
}, 60_000);

test.each([
  ['no key', {}, '', 401],
  ['a publishable key', { authorization: 'publishable' }, '', 403],
  ['a cursor that is none', { authorization: 'secret' }, '?after=yesterday', 422],
] as const)(
  'a stream with %s is refused',
  async (_what, { authorization }: { authorization?: string }, query, status) => {
    const { secretKey, publishableKey } = shop.keys;
    const key = authorization === 'secret' ? secretKey : publishableKey;
    const reply = await shop.call('GET', `/v1/events/stream${query}`, {
      key: authorization === undefined ? null : key,
    });
    expect(reply.status).toBe(status);
    expect(reply.headers.get('content-type')).toBe('application/problem+json');
  },
);

async function otherMerchant() {
  const [row] = await shop.query(`select id from merchants where name = 'second'`);
  return row?.['id'] as typeof shop.merchantId;
}
