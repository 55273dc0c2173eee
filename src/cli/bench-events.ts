import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startKafka } from '../../scripts/services/kafka.ts';
import { startRedis } from '../../scripts/services/redis.ts';
import { startSnsSqs } from '../../scripts/services/sns-sqs.ts';
import {
  type FarEnd,
  type OpenFarEnd,
  installationSecret,
  kafkaEnd,
  redisEnd,
  snsSqsEnd,
  webhooksEnd,
} from '../../test/events/far-ends.ts';
import { manyEvents, openOutbox, type Outbox } from '../../test/events/outbox.ts';
import { startPostgres } from '../embedded/postgres.ts';
import { migrate } from '../store/migrate.ts';
import { sql } from '../store/sql.ts';
import { cpuSeconds, postmasterOf, treeCpuSeconds } from './bench/processes.ts';
import { readArguments } from './arguments.ts';

/**
 * `npm run bench:events [SINK…]`: for each sink one JSON line: how long from commit to received at a steady rate, how
 * fast a backlog drains, and what one delivered event costs. The relay is a process of its own, composed as the service
 * composes it; the far ends are real and on this machine; everything shares its cores.
 */
const { values, positionals } = readArguments({
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
/** Nothing that works takes as long; what does not work is told instead of waited for. */
const patienceMs = 300_000;

const dir = mkdtempSync(join(tmpdir(), 'tillgate-bench-events-'));
const postgres = await startPostgres({ dir });
const postmaster = postmasterOf(postgres);
await migrate(postgres.url);
const wanted = (name: string): boolean => positionals.length === 0 || positionals.includes(name);
const stops: (() => Promise<void>)[] = [postgres.stop];
try {
  if (wanted('redis-streams')) {
    const redis = await startRedis();
    if ('absent' in redis) skipped('redis-streams', redis.absent);
    else {
      stops.push(redis.stop);
      await bench('redis-streams', redisEnd(redis.url));
    }
  }
  if (wanted('kafka')) {
    const kafka = await startKafka();
    if ('absent' in kafka) skipped('kafka', kafka.absent);
    else {
      stops.push(kafka.stop);
      await bench('kafka', kafkaEnd(kafka.url));
    }
  }
  // A stand-in in this process says how fast we are, not how fast Amazon is: a smaller backlog will do.
  if (wanted('sns') || wanted('sqs')) {
    const snsSqs = await startSnsSqs();
    stops.push(snsSqs.stop);
    for (const by of ['sns', 'sqs'] as const) {
      if (wanted(by)) await bench(by, snsSqsEnd(snsSqs.url, by), Math.min(backlog, 5_000));
    }
  }
  if (wanted('webhooks')) await benchWebhooks();
} finally {
  for (const stop of stops.reverse()) await stop();
  rmSync(dir, { recursive: true, force: true });
}

async function bench(sink: string, open: OpenFarEnd, size = backlog): Promise<void> {
  const waits = await withFarEnd(open, latency);
  const drain = await withFarEnd(open, (outbox, end) => drained(outbox, end, size, size));
  say({ sink, rate, ...waits, backlog: size, ...drain });
}

/** One endpoint at the steady rate; the backlog is counted in deliveries, over twenty endpoints. */
async function benchWebhooks(): Promise<void> {
  const events = Math.ceil(backlog / endpoints);
  const waits = await withFarEnd(webhooksEnd(1), latency);
  const drain = await withFarEnd(webhooksEnd(endpoints), (outbox, end) =>
    drained(outbox, end, events, events * endpoints),
  );
  say({ sink: 'webhooks', rate, ...waits, backlog: events * endpoints, endpoints, ...drain });
}

async function withFarEnd<T>(
  open: OpenFarEnd,
  work: (outbox: Outbox, end: FarEnd) => Promise<T>,
): Promise<T> {
  const outbox = await openOutbox(postgres.url);
  await outbox.empty();
  const end = await open(outbox);
  try {
    return await work(outbox, end);
  } finally {
    await end.close();
    await outbox.drop();
  }
}

/** From the moment the commit is known here to the moment the message is, in milliseconds. */
async function latency(outbox: Outbox, end: FarEnd): Promise<{ p50_ms: number; p99_ms: number }> {
  const committed = new Map<string, number>();
  const relay = await startRelay(end);
  // Connections and code paths are warm in a service that has run for a second.
  const first = manyEvents(outbox.merchantId, rate, 1);
  await outbox.store.events.append(first);
  await arrived(end, first.length);
  await settle(outbox);
  const events = manyEvents(outbox.merchantId, rate, seconds);
  const began = performance.now();
  await Promise.all(
    events.map(async (event, nth) => {
      await sleep(Math.max(0, began + (nth * 1000) / rate - performance.now()));
      await outbox.store.events.append([event]);
      committed.set(event.id, performance.now());
    }),
  );
  await arrived(end, first.length + events.length);
  await stop(relay);
  const waits = end.arrived
    .slice(first.length)
    .map(({ body, at }) => at - (committed.get((JSON.parse(body) as { id: string }).id) ?? at))
    .sort((a, b) => a - b);
  const share = (of: number): number => Math.round(waits[Math.floor(waits.length * of)] ?? NaN);
  return { p50_ms: share(0.5), p99_ms: share(0.99) };
}

/** From the start of the relay on a backlog that is there already; processor time is that of one message. */
async function drained(outbox: Outbox, end: FarEnd, events: number, messages: number) {
  const all = manyEvents(outbox.merchantId, Math.ceil(events / 10), 10).slice(0, events);
  for (let at = 0; at < all.length; at += 1_000) await outbox.store.events.append(all.slice(at, at + 1_000));
  await settle(outbox);
  const before = treeCpuSeconds(postmaster);
  const began = performance.now();
  const relay = await startRelay(end);
  await arrived(end, messages);
  const took = (performance.now() - began) / 1000;
  const ofRelay = cpuSeconds(relay.pid ?? 0) - relay.idleCpuSeconds;
  const ofDatabase = treeCpuSeconds(postmaster) - before;
  await stop(relay);
  const each = (cpu: number): number => Math.round((cpu * 1_000_000) / messages);
  return {
    drain_per_s: Math.round(messages / took),
    relay_cpu_us: each(ofRelay),
    database_cpu_us: each(ofDatabase),
  };
}

/** What autovacuum has done to a database that is older than a minute. */
async function settle({ database }: Outbox): Promise<void> {
  await database.rows(sql`analyze events, webhook_endpoints`);
}

type RelayProcess = ChildProcess & { idleCpuSeconds: number };

async function startRelay({ variables }: FarEnd): Promise<RelayProcess> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('bench/relay.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      LOG_LEVEL: 'warn',
      DATABASE_URL: postgres.url,
      TILLGATE_SECRET: installationSecret,
      ...variables,
    },
  });
  // It says when it begins; what it took until then is the price of a start, not of an event.
  await once(child.stdout, 'data', { signal: AbortSignal.timeout(patienceMs) });
  return Object.assign(child, { idleCpuSeconds: cpuSeconds(child.pid ?? 0) });
}

async function stop(relay: RelayProcess): Promise<void> {
  const exited = once(relay, 'exit');
  relay.kill('SIGTERM');
  await exited;
}

async function arrived(end: FarEnd, count: number): Promise<void> {
  const until = performance.now() + patienceMs;
  while (end.arrived.length < count) {
    if (performance.now() > until) throw new Error(`${end.arrived.length} of ${count} events arrived`);
    await sleep(5);
  }
}

function say(line: Record<string, string | number>): void {
  console.log(JSON.stringify(line));
}

function skipped(sink: string, absent: string): void {
  say({ sink, skipped: absent });
}
