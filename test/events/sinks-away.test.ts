/** Money and risk never wait for a sink. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { redisStreamsSink } from '../../src/events/redis-streams/redis-streams.ts';
import { relayEvents } from '../../src/flows/relay-events.ts';
import { sql } from '../../src/store/sql.ts';
import { showFigure } from '../harness/figure.ts';
import { describeWithRedis } from '../harness/redis.ts';
import { type TestService, eventually, startTestService } from '../harness/service.ts';
import { freshOutbox, manyEvents, newId } from './outbox.ts';

/** A port on which nothing listens. */
const nowhere = '127.0.0.1:9';
const confirms = 20;

/** `npm run outage` lets it last a minute. */
const outageMs = Number(process.env['OUTAGE_S'] ?? 8) * 1_000;
const backlogThousands = 5;

let shop: TestService | undefined;
afterEach(async () => {
  jest.restoreAllMocks();
  await shop?.close();
  shop = undefined;
});

describeWithRedis('with every sink away', (url) => {
  test('a confirm asks the database what it always asks, and the backlog drains when they are back [F7.1]', async () => {
    const stream = newId('str');
    const webhooks = { calls: 0 };
    const server = createServer((_request, response) => {
      webhooks.calls += 1;
      response.end();
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const there = { EVENTS_WEBHOOKS_TO_LOOPBACK: 'true', EVENTS_REDIS_URL: url, EVENTS_REDIS_STREAM: stream };
    const service = (shop = await startTestService({ env: there }));
    const { body: endpoint } = await service.call('POST', '/v1/webhook-endpoints', {
      body: { url: `http://127.0.0.1:${port}/`, types: ['order.captured'] },
    });
    const present = await paid(service);

    await service.restart({
      EVENTS_REDIS_URL: `redis://${nowhere}`,
      EVENTS_KAFKA_BROKERS: nowhere,
      EVENTS_AWS_ENDPOINT: `http://${nowhere}`,
      EVENTS_SNS_TOPIC_ARN: 'arn:aws:sns:eu-central-1:000000000000:away.fifo',
      EVENTS_SQS_QUEUE_URL: `http://${nowhere}/000000000000/away.fifo`,
    });
    await service.call('PATCH', `/v1/webhook-endpoints/${String(endpoint['id'])}`, {
      body: { url: `http://${nowhere}/` },
    });
    for (let thousands = 0; thousands < backlogThousands; thousands += 1)
      await service.store.events.append(manyEvents(service.merchantId, 200, 5));
    await sleep(outageMs);
    const away = await paid(service);
    expect(away.statements).toEqual(present.statements);
    // Each sink is asked again every few seconds, told of once, and none has had anything.
    const behind = await service.query(
      `select sink from relay_cursors where position = 0 or sink = 'redis-streams'`,
    );
    expect(behind.length).toBeGreaterThanOrEqual(4);
    showFigure(
      `confirm with every sink away for ${outageMs / 1000} s and ${backlogThousands},000 events waiting: ${away.statements.length} kinds of statement, as with all there; ` +
        `median ${(away.medianMs / present.medianMs).toFixed(2)} of that with all there`,
    );

    await service.restart();
    await service.call('PATCH', `/v1/webhook-endpoints/${String(endpoint['id'])}`, {
      body: { url: `http://127.0.0.1:${port}/` },
    });
    await service.query(`update webhook_deliveries set try_at = now() where state = 'open'`);
    const redis = new Redis(url);
    const [row] = await service.query('select count(*)::int as n from events');
    await eventually(async () => (await redis.xlen(stream)) === row?.['n']);
    await eventually(() => Promise.resolve(webhooks.calls >= 2 * confirms));
    redis.disconnect();
    server.closeAllConnections();
    server.close();
  }, 180_000);

  test('a backlog of 100,000 events drains, each order in order [F7.4]', async () => {
    const outbox = await freshOutbox();
    const stream = newId('str');
    const sink = redisStreamsSink({ name: 'redis', url, stream, lengthMax: 1_000_000 });
    const backlog = 100_000;
    await outbox.database
      .rows(sql`insert into events (merchant_id, id, aggregatetype, aggregateid, sequence, type, at, payload)
      select ${outbox.merchantId}, 'evt_' || lpad(n::text, 26, '0'), 'order', 'ord_' || lpad((n % 10000)::text, 26, '0'),
        n / 10000 + 1, 'order.authorized', now(), '{}' from generate_series(0, ${backlog}::int - 1) as n`);
    const settings = {
      holder: newId('rel'),
      leaseMs: 15_000,
      triesMax: 5,
      monotonic: () => performance.now(),
    };
    const { round } = relayEvents({ store: outbox.store, failpoint: () => undefined }, sink, settings);
    const began = performance.now();
    let rounds = 0;
    while ((await round()) > 0) rounds += 1;
    const perSecond = Math.round((backlog * 1000) / (performance.now() - began));
    showFigure(
      `a backlog of ${backlog}: ${rounds} batches, ${perSecond} events a second beside the other tests`,
    );
    const next = new Map<string, number>();
    const redis = new Redis(url);
    for (let from = '-'; ;) {
      const page = await redis.xrange(stream, from, '+', 'COUNT', 5_000);
      for (const [, fields] of page) {
        const { subject, sequence } = JSON.parse(fields[7] ?? '') as { subject: string; sequence: string };
        expect(Number(sequence)).toBe((next.get(subject) ?? 0) + 1);
        next.set(subject, Number(sequence));
      }
      const last = page.at(-1)?.[0];
      if (last === undefined) break;
      from = `(${last}`;
    }
    await redis.del(stream);
    redis.disconnect();
    expect([next.size, [...next.values()].every((last) => last === 10)]).toEqual([10_000, true]);
    await sink.close();
    await outbox.drop();
  }, 240_000);
});

/** What confirms ask of the database beside what is asked while nobody pays, and how long one takes. */
async function paid(service: TestService): Promise<{ statements: string[]; medianMs: number }> {
  const asked = new Map<string, number>();
  const query = jest.spyOn(Pool.prototype, 'query');
  const said = (): string[] =>
    query.mock.calls.map(([statement]) => (statement as unknown as { text: string }).text);
  const checkouts: string[] = [];
  for (let nth = 0; nth < confirms; nth += 1) {
    const { body } = await service.call('POST', '/v1/checkouts', { body: { amount: 1299, currency: 'EUR' } });
    checkouts.push(body['id'] as string);
  }
  // Every worker that looks each second has looked.
  await sleep(1_500);
  const idle = new Set(said().filter((text) => !/checkouts/.test(text)));
  query.mockClear();
  const took: number[] = [];
  for (const id of checkouts) {
    const began = performance.now();
    const body = { payment_method: 'pm_card_visa' };
    const reply = await service.call('POST', `/v1/checkouts/${id}/confirm`, { body });
    took.push(performance.now() - began);
    expect(reply.body).toMatchObject({ status: 'completed' });
  }
  for (const text of said()) if (!idle.has(text)) asked.set(text, (asked.get(text) ?? 0) + 1);
  query.mockRestore();
  // What is asked less often than once for each is a worker's, which goes by the clock.
  const ofConfirm = [...asked].filter(
    ([text, times]) => times >= confirms && !/relay_cursors|webhook_|delivery/.test(text),
  );
  return {
    statements: ofConfirm.map(([text, times]) => `${times} × ${text}`).sort(),
    medianMs: took.sort((a, b) => a - b)[Math.floor(took.length / 2)] ?? NaN,
  };
}
