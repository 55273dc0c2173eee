import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startKafka } from '../../scripts/services/kafka.ts';
import { startRedis } from '../../scripts/services/redis.ts';
import { startSnsSqs } from '../../scripts/services/sns-sqs.ts';
import { manyEvents, newId, openOutbox, type Outbox } from '../../test/events/outbox.ts';
import { type Rig, kafkaRig, openWebhooks, redisRig, snsSqsRig } from '../../test/events/rigs.ts';
import { startPostgres } from '../embedded/postgres.ts';
import { relayEvents } from '../flows/relay-events.ts';
import { makeLog } from '../observe/log.ts';
import { migrate } from '../store/migrate.ts';
import { startRelay } from '../workers/relay-events.ts';

/**
 * `npm run bench:events [SINK…]`: for each sink one JSON line: how long from commit to received at a steady rate (p99),
 * and how fast a backlog drains. The far ends are real and on this machine; everything shares its cores.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '10' },
    backlog: { type: 'string', default: '100000' },
  },
});
const rate = Number(values.rate);
const seconds = Number(values.seconds);
const backlog = Number(values.backlog);
const endpoints = 20;

const dir = mkdtempSync(join(tmpdir(), 'tillgate-bench-events-'));
const postgres = await startPostgres({ dir });
await migrate(postgres.url);
const wanted = (name: string): boolean => positionals.length === 0 || positionals.includes(name);
const stops: (() => Promise<void>)[] = [postgres.stop];
try {
  if (wanted('redis-streams')) {
    const redis = await startRedis();
    if ('absent' in redis) skipped('redis-streams', redis.absent);
    else {
      stops.push(redis.stop);
      await bench('redis-streams', redisRig(redis.url), backlog);
    }
  }
  if (wanted('kafka')) {
    const kafka = await startKafka();
    if ('absent' in kafka) skipped('kafka', kafka.absent);
    else {
      stops.push(kafka.stop);
      await bench('kafka', kafkaRig(kafka.url), backlog);
    }
  }
  // A stand-in in this process says how fast we are, not how fast Amazon is: a smaller backlog will do.
  if (wanted('sns') || wanted('sqs')) {
    const snsSqs = await startSnsSqs();
    stops.push(snsSqs.stop);
    for (const by of ['sns', 'sqs'] as const) {
      if (wanted(by)) await bench(by, snsSqsRig(snsSqs.url, by), Math.min(backlog, 5_000));
    }
  }
  if (wanted('webhooks')) await benchWebhooks();
} finally {
  for (const stop of stops.reverse()) await stop();
  rmSync(dir, { recursive: true, force: true });
}

async function bench(sink: string, open: (outbox: Outbox) => Promise<Rig>, size: number): Promise<void> {
  const p99 = await withOutbox(async (outbox) => latency(outbox, await open(outbox)));
  const drain = await withOutbox(async (outbox) => drained(outbox, await open(outbox), size, size));
  say(sink, p99, drain, { backlog: size });
}

/** One endpoint at the steady rate; the backlog is counted in deliveries, over twenty endpoints. */
async function benchWebhooks(): Promise<void> {
  const events = Math.ceil(backlog / endpoints);
  const p99 = await withOutbox(async (outbox) => latency(outbox, await openWebhooks(outbox, 1)));
  const drain = await withOutbox(async (outbox) =>
    drained(outbox, await openWebhooks(outbox, endpoints), events, events * endpoints),
  );
  say('webhooks', p99, drain, { backlog: events * endpoints, endpoints });
}

async function withOutbox<T>(work: (outbox: Outbox) => Promise<T>): Promise<T> {
  const outbox = await openOutbox(postgres.url);
  try {
    await outbox.empty();
    return await work(outbox);
  } finally {
    await outbox.drop();
  }
}

/** From the moment the commit is known here to the moment the message is, in milliseconds; 99 of 100 are faster. */
async function latency(outbox: Outbox, rig: Rig): Promise<number> {
  const committed = new Map<string, number>();
  const relay = relayTo(outbox, rig);
  // Connections and code paths are warm in a service that has run for a second.
  const first = manyEvents(outbox.merchantId, rate, 1);
  await outbox.store.events.append(first);
  await until(() => rig.arrived.length >= first.length);
  const events = manyEvents(outbox.merchantId, rate, seconds);
  const began = performance.now();
  await Promise.all(
    events.map(async (event, nth) => {
      await sleep(Math.max(0, began + (nth * 1000) / rate - performance.now()));
      await outbox.store.events.append([event]);
      committed.set(event.id, performance.now());
    }),
  );
  await until(() => rig.arrived.length >= first.length + events.length);
  await relay.stop();
  await rig.close();
  const waits = rig.arrived.slice(first.length).map(({ body, at }) => {
    const { id } = JSON.parse(body) as { id: string };
    return at - (committed.get(id) ?? at);
  });
  return waits.sort((a, b) => a - b)[Math.floor(waits.length * 0.99)] ?? NaN;
}

/** Messages per second from a backlog that is there when the relay starts to the last one received. */
async function drained(outbox: Outbox, rig: Rig, events: number, messages: number): Promise<number> {
  const all = manyEvents(outbox.merchantId, Math.ceil(events / 10), 10).slice(0, events);
  for (let at = 0; at < all.length; at += 1_000) await outbox.store.events.append(all.slice(at, at + 1_000));
  const began = performance.now();
  const relay = relayTo(outbox, rig);
  await until(() => rig.arrived.length >= messages);
  const took = (performance.now() - began) / 1000;
  await relay.stop();
  await rig.close();
  return messages / took;
}

function relayTo({ store }: Outbox, { sink }: Rig) {
  const monotonic = () => performance.now();
  const settings = { holder: newId('rel'), leaseMs: 15_000, triesMax: 5, monotonic };
  const relay = relayEvents({ store, failpoint: () => undefined }, sink, settings);
  return startRelay(sink.name, relay, makeLog({ level: 'warn' }), monotonic);
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await sleep(5);
}

function say(sink: string, p99: number, drain: number, more: Record<string, number>): void {
  console.log(
    JSON.stringify({ sink, p99_ms: Math.round(p99), drain_per_s: Math.round(drain), rate, ...more }),
  );
}

function skipped(sink: string, absent: string): void {
  console.log(JSON.stringify({ sink, skipped: absent }));
}
