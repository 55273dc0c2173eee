import { type Buckets, between, bucketsOf, metricsPage } from './bench/histogram.ts';
import { drive, openApi, quantile } from './bench/load.ts';
import { startOwnService } from './bench/service.ts';
import { drawCall, offer, shareIn, shareOf, summaryOf } from './load/offer.ts';
import { watchMemory } from './load/memory.ts';
import { openShop } from './load/shop.ts';
import { readArguments } from './arguments.ts';

/**
 * `npm run load -- --profile P`: calls that arrive by themselves, in a shop's mix, at a service of its own with the
 * stand-in PSP, which sends its webhooks meanwhile. `overload` first measures what the service can do and how fast its
 * captures are at a fifth of that, then offers three times as much; it ends with 1 when less than 99 % of the captures and
 * webhooks succeed.
 */
const profiles = {
  steady: { perSecond: 40, seconds: 60 },
  peak: { perSecond: 150, seconds: 60 },
  overload: { perSecond: null, seconds: 20 },
} as const;
type Profile = keyof typeof profiles;

const { values } = readArguments({
  options: { profile: { type: 'string', default: 'steady' }, seconds: { type: 'string' } },
});
const profile = values.profile as Profile;
if (!Object.hasOwn(profiles, profile)) {
  console.error(`--profile is one of ${Object.keys(profiles).join(', ')}`);
  process.exit(2);
}
const seconds = Number(values.seconds ?? profiles[profile].seconds);

const service = await startOwnService();
// More than the service lets requests in, so that calls wait there and not here.
const connections = 512;
const api = openApi(service.api, service.secretKey, connections);
const shop = openShop(api);
try {
  await shop.prepare(400, 400);
  const { perSecond } = profiles[profile];
  if (perSecond === null) await overload();
  else await calm(perSecond);
} finally {
  await api.close();
  await service.stop();
}

async function calm(perSecond: number): Promise<void> {
  await offer(shop, perSecond, 5);
  const { figures } = await measure(perSecond, seconds);
  console.log(JSON.stringify({ profile, ...figures }));
  if (figures.errors > 0) process.exitCode = 1;
}

async function overload(): Promise<void> {
  const closed = await drive(32, 8, async () => {
    const ended = await shop.one(drawCall());
    if (ended.end !== 'succeeded') throw new Error(JSON.stringify(ended));
  });
  const capacity = Math.round(closed.done / closed.seconds);
  const quiet = await measure(capacity / 5, 10);

  const calls = capacity * 3 * seconds * 1.2;
  await shop.prepare(shareOf('confirm', calls), shareOf('capture', calls));
  // Node accepts one connection each time round its loop: callers that come through a proxy have theirs already.
  await Promise.all(Array.from({ length: connections }, () => api.get('/v1/disputes')));
  const { figures, classes } = await measure(capacity * 3, seconds);
  const { capture, webhook } = classes;
  const critical = shareIn(capture.done + webhook.done, capture.sent + webhook.sent);
  console.log(
    JSON.stringify({
      profile,
      ...figures,
      capacity,
      critical_succeeded: critical,
      critical_quiet_p99_ms: quiet.classes.capture.p99_ms,
      critical_p99_ratio: ratio(capture.p99_ms, quiet.classes.capture.p99_ms),
      webhook_p99_ratio: ratio(webhook.p99_ms, quiet.classes.webhook.p99_ms),
      classes,
    }),
  );
  if (critical < 0.99) process.exitCode = 1;
}

/** What the generator sees of its own calls, and the service of the webhooks that the stand-in sends to it. */
async function measure(perSecond: number, forSeconds: number) {
  const memory = watchMemory(service.pid);
  const before = await webhooksUntilNow();
  const tallies = await offer(shop, perSecond, forSeconds);
  const after = await webhooksUntilNow();
  const all = Object.values(tallies);
  const times = all.flatMap(({ succeededMs }) => succeededMs);
  const failed = all.flatMap(({ ends }) => ends).filter((each) => each.end === 'failed');
  if (failed[0] !== undefined) console.error(failed[0].why);
  const sent = between(before.all, after.all);
  const taken = between(before.taken, after.taken);
  return {
    figures: {
      rate: Math.round(perSecond),
      p50_ms: quantile(times, 0.5),
      p95_ms: quantile(times, 0.95),
      p99_ms: quantile(times, 0.99),
      errors: failed.length,
      rss_slope_mb_per_min: memory.slope(),
    },
    classes: {
      capture: summaryOf(tallies.capture),
      webhook: {
        sent: sent.count,
        done: taken.count,
        succeeded: shareIn(taken.count, sent.count),
        p99_ms: taken.p99Ms,
      },
      confirm: summaryOf(tallies.confirm),
      create: summaryOf(tallies.create),
      list: summaryOf(tallies.list),
    },
  };
}

async function webhooksUntilNow(): Promise<{ all: Buckets; taken: Buckets }> {
  const page = await metricsPage(service.admin);
  const read = (labels: string): Buckets => bucketsOf(page, 'tillgate_http_request_seconds', labels);
  return { all: read('route="/webhooks/stripe"'), taken: read('route="/webhooks/stripe",status="200"') };
}

function ratio(loaded: number, quiet: number): number {
  return Math.round((loaded / quiet) * 100) / 100;
}
