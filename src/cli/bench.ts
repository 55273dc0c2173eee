import type { Assessment } from '../domain/risk/assessment.ts';
import { openPatiently } from '../store/database.ts';
import { postgresStore } from '../store/postgres-store.ts';
import { writeOneCheckout } from './bench/floor.ts';
import { type Buckets, between, bucketsOf, metricsPage } from './bench/histogram.ts';
import { type Api, drive, openApi, quantile } from './bench/load.ts';
import { cpuSeconds, residentMb, treeCpuSeconds } from './bench/processes.ts';
import { startOwnService } from './bench/service.ts';
import { readArguments } from './arguments.ts';

/**
 * `npm run bench`: complete checkouts over HTTP (create, confirm with assessment and authorisation, capture) against the
 * stand-in Stripe, every commit durable, beside the floor: the same writes issued directly to the same PostgreSQL.
 */
const { values } = readArguments({
  options: {
    seconds: { type: 'string', default: '30' },
    lanes: { type: 'string', default: '48' },
    'floor-seconds': { type: 'string', default: '8' },
  },
});
const seconds = Number(values.seconds);
const lanes = Number(values.lanes);

const confirmMs: number[] = [];
const checkoutMs: number[] = [];

const service = await startOwnService();
try {
  const api = openApi(service.api, service.secretKey, lanes);
  progress('warming up');
  await drive(lanes, 3, (lane) => buy(api, lane));
  confirmMs.length = 0;
  checkoutMs.length = 0;
  const assessmentsBefore = await assessmentTimes(service.admin);
  const residentBefore = residentMb(service.pid);
  const app = cpuSeconds(service.pid);
  const postgres = treeCpuSeconds(service.postgresPid);

  progress(`driving checkouts for ${seconds} s`);
  const run = await drive(lanes, seconds, (lane) => buy(api, lane));
  if (run.firstError !== undefined) console.error(run.firstError);
  const cpuPer = (used: number): number => Math.round((used / run.done) * 1e6);
  const appCpu = cpuPer(cpuSeconds(service.pid) - app);
  const pgCpu = cpuPer(treeCpuSeconds(service.postgresPid) - postgres);
  const assessment = between(assessmentsBefore, await assessmentTimes(service.admin)).p99Ms;
  const residentAfter = residentMb(service.pid);
  const events = (await api.get('/v1/events?limit=1')).body['events'];
  if (!Array.isArray(events) || events.length !== 1) throw new Error('no event was emitted');
  await api.close();

  progress('measuring the floor');
  const floor = await measureFloor(service.databaseUrl);
  const perSecond = run.done / run.seconds;
  console.log(
    JSON.stringify({
      checkouts_per_s: round(perSecond),
      confirm_per_s: round(confirmMs.length / run.seconds),
      errors: run.errors,
      checkout_p50_ms: quantile(checkoutMs, 0.5),
      checkout_p99_ms: quantile(checkoutMs, 0.99),
      assessment_p99_ms: assessment,
      floor_per_s: round(floor),
      share_of_floor: Math.round((perSecond / floor) * 1000) / 1000,
      app_cpu_us: appCpu,
      pg_cpu_us: pgCpu,
      confirm_p99_ms: quantile(confirmMs, 0.99),
      rss_before_mb: residentBefore,
      rss_mb: residentAfter,
    }),
  );
  if (run.errors > 0) process.exitCode = 1;
} finally {
  await service.stop();
}

/** One buyer: four of five use a card of their own, the last one a card that many use. */
async function buy(api: Api, lane: number): Promise<void> {
  const buyer = `${lane}-${Math.floor(Math.random() * 1e9).toString(36)}`;
  const began = performance.now();
  const checkout = await api.post('/v1/checkouts', {
    amount: 500 + Math.floor(Math.random() * 9_500),
    currency: 'EUR',
    capture_mode: 'manual',
    customer: { reference: buyer, email: `${buyer}@example.com` },
    billing_address: { country: 'DE', postal_code: String(10_000 + Math.floor(Math.random() * 80_000)) },
  });
  if (checkout.status !== 201) throw new Error(JSON.stringify(checkout));
  const confirmed = performance.now();
  const paid = await api.post(`/v1/checkouts/${String(checkout.body['id'])}/confirm`, {
    payment_method: 'pm_card_visa',
    signals: {
      device: {
        id: buyer,
        ip: `203.0.${Math.floor(Math.random() * 256)}.${Math.floor(Math.random() * 256)}`,
      },
      basket: { item_count: 2 },
    },
  });
  confirmMs.push(performance.now() - confirmed);
  const order = paid.body['order'] as { id: string; status: string } | null;
  if (order?.status !== 'authorized') throw new Error(JSON.stringify(paid));
  const captured = await api.post(`/v1/orders/${order.id}/capture`, {});
  if (captured.body['status'] !== 'captured') throw new Error(JSON.stringify(captured));
  checkoutMs.push(performance.now() - began);
}

/** The service's own histogram of assessments. */
async function assessmentTimes(admin: string): Promise<Buckets> {
  return bucketsOf(await metricsPage(admin), 'tillgate_assessment_seconds', 'event="checkout"');
}

async function measureFloor(url: string): Promise<number> {
  const database = openPatiently(url, 20);
  try {
    const store = postgresStore(database);
    const [merchant] = await store.merchants.list();
    const [made] =
      merchant === undefined
        ? []
        : await store.events
            .list(merchant.id, null, 100)
            .then((all) =>
              all.flatMap(({ event }) => (event.type === 'assessment.made' ? [event.data.assessmentId] : [])),
            );
    const sample = merchant && made && (await store.assessments.find(merchant.id, made));
    if (!merchant || !sample)
      throw new Error(`the run left no assessment to write again: ${JSON.stringify({ merchant, made })}`);
    const again: Omit<Assessment, 'id'> = sample;
    const run = await drive(lanes, Number(values['floor-seconds']), () =>
      writeOneCheckout(store, merchant.id, again),
    );
    if (run.errors > 0) throw run.firstError;
    return run.done / run.seconds;
  } finally {
    await database.close();
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function progress(what: string): void {
  if (process.stderr.isTTY) console.error(what);
}
