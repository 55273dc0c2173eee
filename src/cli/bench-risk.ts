import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '../../scripts/services/redis.ts';
import { library } from '../domain/risk/features/library.ts';
import type { Signals } from '../domain/risk/signals.ts';
import type { MerchantId } from '../kernel/ids.ts';
import { secondMs } from '../kernel/instant.ts';
import { money, type Currency } from '../kernel/money.ts';
import { createRisk } from '../risk/assess.ts';
import { loadGeneration, type Generation } from '../risk/generation.ts';
import type { Model } from '../risk/model/model.ts';
import { createEntries } from '../risk/policy/entries.ts';
import type { Risk } from '../risk/risk.ts';
import { featureHash } from '../risk/signals/feature-hash.ts';
import { keysWith } from '../risk/signals/keys.ts';
import { referenceData } from '../risk/signals/reference.ts';
import { memoryVelocity } from '../risk/velocity/memory.ts';
import { redisVelocity } from '../risk/velocity/redis.ts';
import type { Velocity } from '../risk/velocity/velocity.ts';
import { readArguments } from './arguments.ts';

/**
 * `npm run bench:risk`: whole checkout assessments (signals, history, features, model, explanation, policy) in an open loop:
 * they start on schedule, whether or not earlier ones have ended, and latency counts from the scheduled moment. One JSON
 * line per store.
 */
const { values: options } = readArguments({
  options: {
    rate: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '20' },
    redis: { type: 'string' },
    store: { type: 'string', default: 'memory,redis' },
  },
});
const rate = Number(options.rate);
const seconds = Number(options.seconds);
const merchantId: MerchantId = 'mer_00000000000000000000000000';
/** Buyers come back: each of this many has a history of a few dozen events by the time it is measured. */
const buyers = 2_000;
const warmUpEvents = 20_000;

const generation = await loadGeneration({ policies: 'policies', models: 'models' });
const reading = { keysOf: keysWith('a secret for benches only'), reference: referenceData() };
const modelP99 = await modelAlone();

if (options.store.includes('memory')) await bench('memory', memoryVelocity());
if (options.store.includes('redis')) await withRedis((url) => bench('redis', redisVelocity(url)));

async function withRedis(run: (url: string) => Promise<void>): Promise<void> {
  const service = options.redis === undefined ? await startRedis() : { url: options.redis, stop: null };
  if ('absent' in service) {
    console.error(`no Redis: ${service.absent}`);
    return;
  }
  try {
    await run(service.url);
  } finally {
    await service.stop?.();
  }
}

async function bench(store: string, velocity: Velocity): Promise<void> {
  let failures = 0;
  const risk = riskOn(velocity, generation, () => (failures += 1));
  const start = Date.now();
  // The connection is made while nobody waits for it.
  await sleep(200);
  for (let n = 0; n < warmUpEvents; n += 1) {
    const at = start - (warmUpEvents - n) * secondMs;
    const keys = reading.keysOf(merchantId, signalsOf(n));
    // A busy machine may miss the store's deadline; a history that is one event shorter serves as well.
    await velocity.observe(merchantId, keys, { what: 'checkout', at, amount: 10 }).catch(() => undefined);
  }
  await schedule(risk, start, 2 * rate, []);
  failures = 0;

  const latencies: number[] = [];
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const pauses: number[] = [];
  const collections = new PerformanceObserver((list) =>
    pauses.push(...list.getEntries().map(({ duration }) => duration)),
  );
  collections.observe({ entryTypes: ['gc'] });
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await schedule(risk, start, seconds * rate, latencies);
  const elapsed = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  loop.disable();
  collections.disconnect();
  await velocity.close();
  console.log(
    JSON.stringify({
      store,
      assessments_per_s: Math.round((latencies.length / elapsed) * secondMs),
      p50_ms: percentile(latencies, 0.5),
      p99_ms: percentile(latencies, 0.99),
      model_p99_ms: modelP99,
      // The monitor's timer itself fires every millisecond; only what comes on top is a delay.
      loop_delay_max_ms: round(Math.max(0, loop.max / 1e6 - 1)),
      // What one assessment with its two observations costs this process, the schedule's 40 µs included: steadier than
      // latency on a busy machine.
      cpu_us: Math.round((user + system) / latencies.length),
      failures,
      gc_pause_max_ms: round(Math.max(0, ...pauses)),
      gc_pauses_ms: Math.round(pauses.reduce((sum, pause) => sum + pause, 0)),
      loop_delay_p99_ms: round(Math.max(0, loop.percentile(99) / 1e6 - 1)),
    }),
  );
}

/** Starts `count` assessments at the rate, `latencies` taking milliseconds from the scheduled start to the answer. */
async function schedule(risk: Risk, start: number, count: number, latencies: number[]): Promise<void> {
  const first = performance.now();
  const open = new Set<Promise<void>>();
  for (let n = 0; n < count; n += 1) {
    const due = first + (n * secondMs) / rate;
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    const one = assess(risk, n, start).then(() => {
      latencies.push(performance.now() - due);
      open.delete(one);
    });
    open.add(one);
  }
  await Promise.all(open);
}

async function assess(risk: Risk, n: number, at: number): Promise<void> {
  const signals = signalsOf(n);
  await risk.assess({
    id: `asm_${n}`,
    merchantId,
    event: 'checkout',
    at,
    signals,
  });
  risk.observe({ merchantId, at, signals, what: 'attempted', event: 'checkout' });
  risk.observe({ merchantId, at, signals, what: n % 10 === 0 ? 'declined' : 'succeeded', event: 'checkout' });
}

function signalsOf(n: number): Signals {
  const buyer = (n * 7_919) % buyers;
  const address = {
    name: `Buyer ${buyer}`,
    line1: `${buyer} Main Street`,
    city: 'Springfield',
    postalCode: `${10_000 + buyer}`,
    country: 'US',
  };
  return {
    email: `buyer.${buyer}@mail${buyer % 40}.example`,
    name: `Buyer ${buyer}`,
    phone: `+1 555 ${buyer}`,
    account: { id: `customer-${buyer}`, createdAt: Date.UTC(2026, 0, 1) },
    card: {
      fingerprint: `card-${buyer}-${n % 2}`,
      bin: `4571${buyer % 90}`,
      country: 'US',
      funding: 'credit',
    },
    billing: address,
    shipping: address,
    order: { total: money(BigInt(1_000 + (n % 500) * 37), 'USD' as Currency), itemCount: 1 + (n % 4) },
    device: {
      id: `device-${buyer}`,
      ip: `203.0.${buyer % 200}.${buyer % 250}`,
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36',
      acceptLanguage: 'en-US',
      timeZone: 'America/New_York',
    },
  };
}

function riskOn(velocity: Velocity, { deciders }: Generation, failed: () => void): Risk {
  const entries = createEntries();
  return createRisk({
    reading,
    velocity,
    deciders: () => deciders,
    lists: () => entries,
    snoozes: () => entries,
    featuresHash: featureHash(library),
    deadlineMs: secondMs,
    failed,
  });
}

/** 99 of 100 rows are scored within this many milliseconds, one after another. */
async function modelAlone(): Promise<number> {
  const model: Model | undefined = generation.models.get('checkout-1');
  if (model === undefined) throw new Error('there is no model checkout-1');
  const times: number[] = [];
  for (let n = 0; n < 6_000; n += 1) {
    const row = Float32Array.from(model.features, (_, index) => (n * 31 + index * 17) % 23);
    const before = performance.now();
    await model.score(row);
    if (n >= 1_000) times.push(performance.now() - before);
  }
  return percentile(times, 0.99);
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return round(sorted[Math.floor(sorted.length * share)] ?? NaN);
}

function round(value: number): number {
  return Number(value.toFixed(3));
}
