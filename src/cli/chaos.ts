import { setTimeout as sleep } from 'node:timers/promises';
import { auditAll } from '../invariants/invariants.ts';
import { readLedger } from '../invariants/ledger.ts';
import { secondMs } from '../kernel/instant.ts';
import { auditPurchases } from '../store/audit.ts';
import { openPatiently } from '../store/database.ts';
import { sql } from '../store/sql.ts';
import { waitForDatabase } from '../store/wait-for-database.ts';
import { type Acknowledged, openShop } from './chaos/shop.ts';
import { startChildService } from './child-service.ts';
import { until } from './crashes.ts';
import { openStage } from './stage.ts';
import { readArguments } from './arguments.ts';

/**
 * `npm run chaos`: shops sell while the service is killed, PostgreSQL crashes, and the PSP times out after charging, in
 * turns and without pause. Then everything that was acknowledged must be there, nothing charged twice, nothing left open.
 */
const { values } = readArguments({
  options: {
    seconds: { type: 'string', default: '60' },
    lanes: { type: 'string', default: '6' },
  },
});

/** How long after the last mishap an outcome may still be unknown: a PSP that said nothing is asked again in a minute. */
const settlingMs = 90 * secondMs;
const calmMs = { least: 1.5 * secondMs, most: 4 * secondMs };

const stage = await openStage({ durable: true });
// Short, so that what a death interrupts is soon taken over.
const env = { ...stage.env, PSP_TIMEOUT_MS: '500', REQUEST_LEASE_MS: '1000' };
const shop = openShop(stage.api, stage.keys.secretKey);
const acknowledged: Acknowledged[] = [];
const deaths = { service: 0, postgresql: 0 };
let checkouts = 0;

let service = await startChildService(stage.dir, env);
const end = performance.now() + Number(values.seconds) * secondMs;
const isOver = (): boolean => performance.now() >= end;

const mishaps = [killService, crashPostgres];

async function killService(): Promise<void> {
  deaths.service += 1;
  await service.stop('SIGKILL');
  service = await startChildService(stage.dir, env);
}

/** A backend that dies takes all sessions with it: the server recovers from its log, as after an immediate stop. */
async function crashPostgres(): Promise<void> {
  deaths.postgresql += 1;
  await waitForDatabase(stage.databaseUrl, settlingMs);
  const session = openSession();
  const [row] = await session.rows(sql`select pg_backend_pid() as pid`);
  process.kill((row as { pid: number }).pid, 'SIGKILL');
  await session.close();
  // The server has noticed by then, and recovers.
  await sleep(100);
}

function openSession() {
  return openPatiently(stage.databaseUrl);
}

async function sellUntilOver(): Promise<void> {
  while (!isOver()) {
    const sale = await shop.sell();
    checkouts += 1;
    if (sale !== null) acknowledged.push(sale);
  }
}

async function harmUntilOver(): Promise<void> {
  for (let turn = 0; !isOver(); turn += 1) {
    await sleep(calmMs.least + Math.random() * (calmMs.most - calmMs.least));
    await mishaps[turn % mishaps.length]?.();
    if (process.stderr.isTTY)
      process.stderr.write(`\r\x1b[K${checkouts} checkouts, ${JSON.stringify(deaths)}`);
  }
}

/** Acknowledged, and now gone or less than it was. */
async function isLost({ checkout, payment }: Acknowledged): Promise<boolean> {
  const { status, body } = await shop.look(checkout);
  if (status !== 200) return true;
  const { status: now } = body['payment'] as { status: string };
  return now !== payment;
}

try {
  await Promise.all([harmUntilOver(), ...Array.from({ length: Number(values.lanes) }, sellUntilOver)]);
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');

  const session = openSession();
  const audit = async () =>
    auditAll(auditPurchases(session), await readLedger(stage.stripeUrl), { now: Date.now(), settlingMs: 0 });
  await waitForDatabase(stage.databaseUrl, settlingMs);
  const quiet = await until(async () => ((await audit()).violations.length === 0 ? true : null), settlingMs);
  const { violations } = quiet === null ? await audit() : { violations: [] };
  await session.close();

  const lost = [];
  for (const sale of acknowledged) if (await isLost(sale)) lost.push(sale);
  for (const each of [...violations, ...lost]) console.error(JSON.stringify(each));
  const doubled = violations.filter(({ invariant }) => invariant === 'I1').length;
  console.log(
    JSON.stringify({
      checkouts,
      acknowledged: acknowledged.length,
      lost: lost.length,
      doubled,
      open: violations.length - doubled,
      resume_s_max: Math.round(shop.waitedMsMax()) / secondMs,
      deaths,
    }),
  );
  if (lost.length + violations.length > 0) process.exitCode = 1;
} finally {
  await service.stop();
  await stage.close();
}
