import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { auditAll, type Violation } from '../invariants/invariants.ts';
import { readLedger } from '../invariants/ledger.ts';
import { minuteMs } from '../kernel/instant.ts';
import { orders } from '../risk/replay/orders.ts';
import { auditPurchases } from '../store/audit.ts';
import { openPatiently } from '../store/database.ts';
import { startChildService } from './child-service.ts';
import { type Driven, type Shop, openReplayedShop } from './replay/drive-order.ts';
import { type Percentiles, count, histogramPercentiles, percentiles, rounded } from './replay/figures.ts';
import { openStage } from './stage.ts';
import { readArguments } from './arguments.ts';

/**
 * `npm run replay -- --orders FILE [--limit N]`: sends past orders through the HTTP API, each judged as of its own time,
 * reads the events they caused, and holds everything against the invariants. Without `--api` and `--key` it starts a
 * service of its own and throws it away; with them, `--admin`, `--database` and `--psp` say where to look afterwards.
 */
const { values } = readArguments({
  options: {
    orders: { type: 'string' },
    limit: { type: 'string' },
    api: { type: 'string' },
    key: { type: 'string' },
    admin: { type: 'string' },
    database: { type: 'string' },
    psp: { type: 'string' },
  },
});

/** As many requests of a shop as arrive together on a busy day; more only makes them wait in our queue. */
const concurrency = 16;

/** A vacuum of the whole database may hold the stream back for seconds. */
const eventsLateMsMax = 10_000;

const eventPage = z.object({ events: z.array(z.object({ type: z.string() })), next: z.string().nullable() });

if (values.orders === undefined || (values.api === undefined) !== (values.key === undefined)) {
  console.error('usage: npm run replay -- --orders FILE [--limit N] [--api URL --key SK]');
  process.exit(2);
}
process.exitCode = values.api === undefined ? await withOwnService() : await replay({ ...values });

async function withOwnService(): Promise<number> {
  const stage = await openStage({ durable: true });
  try {
    const service = await startChildService(stage.dir, stage.env);
    try {
      return await replay({
        api: service.api,
        admin: service.admin,
        key: stage.keys.secretKey,
        database: stage.databaseUrl,
        psp: stage.stripeUrl,
      });
    } finally {
      await service.stop();
    }
  } finally {
    await stage.close();
  }
}

type Where = {
  readonly api?: string | undefined;
  readonly key?: string | undefined;
  readonly admin?: string | undefined;
  readonly database?: string | undefined;
  readonly psp?: string | undefined;
};

async function replay({ api = '', key = '', admin, database, psp }: Where): Promise<number> {
  const shop = openReplayedShop(api, key, concurrency);
  try {
    const driven = await driveAll(shop);
    const captured = driven.filter(({ end }) => end === 'captured').length;
    const unsaid = captured - (await capturedEvents(shop, captured));
    const violations = database === undefined ? null : await audit(database, psp);
    const checkout = percentiles(driven.map(({ ms }) => ms).filter((ms) => ms !== null));
    const page = admin === undefined ? '' : await (await fetch(`${admin}/metrics`)).text();
    const assessment = histogramPercentiles(page, 'tillgate_assessment_seconds', 'event="checkout"');
    const figures = count(driven);
    print(figures, { checkout, assessment });
    for (const { invariant, checkout: id, what } of violations ?? [])
      console.error(`${invariant} ${id}: ${what}`);
    if (unsaid > 0) console.error(`I6: ${unsaid} captured orders without an event that says so`);
    for (const { orderId, fault } of driven)
      if (fault !== undefined) console.error(`I9 ${orderId}: ${fault}`);
    const promised = figures.failed + Math.max(0, unsaid);
    const broken = violations === null ? null : violations.length + promised;
    console.log(
      JSON.stringify({
        ...figures,
        checkout_p99_ms: rounded(checkout?.p99),
        assessment_p99_ms: rounded(assessment?.p99),
        violations: broken,
      }),
    );
    return (broken ?? promised) === 0 ? 0 : 1;
  } finally {
    await shop.close();
  }
}

/** In the order of time; those of one e-mail address one after the other, as its owner made them. */
async function driveAll(shop: Shop): Promise<Driven[]> {
  const limit = values.limit === undefined ? Infinity : Number(values.limit);
  const driven: Driven[] = [];
  const running = new Set<Promise<void>>();
  const busy = new Map<string, Promise<void>>();
  let begun = 0;
  for await (const order of orders(values.orders ?? '')) {
    if (begun >= limit) break;
    begun += 1;
    const email = order.signals.email ?? order.customerId;
    await busy.get(email);
    while (running.size >= concurrency) await Promise.race(running);
    const work = shop.drive(order).then((done) => {
      driven.push(done);
      if (busy.get(email) === work) busy.delete(email);
      running.delete(work);
      progress(driven.length, limit);
    });
    running.add(work);
    busy.set(email, work);
  }
  await Promise.all(running);
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return driven;
}

function progress(done: number, of: number): void {
  if (!process.stderr.isTTY || done % 10 !== 0) return;
  const share = Number.isFinite(of) ? done / of : 0;
  const bar = '█'.repeat(Math.round(share * 40)).padEnd(40, '░');
  process.stderr.write(`\r${Number.isFinite(of) ? `${bar} ` : ''}${done} orders`);
}

/** How many orders the stream of events calls captured. It shows an event once no older transaction is running. */
async function capturedEvents(shop: Shop, expected: number): Promise<number> {
  const until = Date.now() + eventsLateMsMax;
  let captured = 0;
  let next: string | null = null;
  for (;;) {
    const path: string = `/v1/events?limit=999${next === null ? '' : `&after=${next}`}`;
    const page = eventPage.parse(await shop.get(path));
    captured += page.events.filter(({ type }) => type === 'order.captured').length;
    if (captured >= expected || (page.events.length === 0 && Date.now() > until)) return captured;
    if (page.events.length === 0) await sleep(100);
    next = page.next;
  }
}

async function audit(databaseUrl: string, psp: string | undefined): Promise<readonly Violation[]> {
  const database = openPatiently(databaseUrl);
  try {
    const ledger = psp === undefined ? null : await readLedger(psp);
    const when = { now: Date.now(), settlingMs: minuteMs };
    return (await auditAll(auditPurchases(database), ledger, when)).violations;
  } finally {
    await database.close();
  }
}

function print(figures: object, latencies: Record<string, Percentiles | null>): void {
  for (const [name, value] of Object.entries(figures))
    console.log(`${name.replaceAll('_', ' ').padEnd(16)} ${String(value).padStart(12)}`);
  for (const [name, found] of Object.entries(latencies)) {
    const shown = Object.values(found ?? {}).map((ms) => String(rounded(ms)).padStart(9));
    console.log(
      `${name.padEnd(12)} ms ${shown.join(' ') || '   not measured'}${found ? '   p50 p95 p99' : ''}`,
    );
  }
}
