import { setTimeout as sleep } from 'node:timers/promises';
import { failpoints as all } from '../flows/deps.ts';
import { auditAll } from '../invariants/invariants.ts';
import { readLedger } from '../invariants/ledger.ts';
import { auditPurchases } from '../store/audit.ts';
import { openPatiently } from '../store/database.ts';
import { startChildService } from './child-service.ts';
import { type Api, type Crash, crashes, until } from './crashes.ts';
import { openStage } from './stage.ts';
import { registerAdyenWebhook, standInAdyen } from './stand-in-psps.ts';
import { readArguments } from './arguments.ts';

/**
 * `npm run crash-matrix [-- --quick]`: kills the service at every named failpoint while it works for a client, starts it
 * again, and sees whether the client's retry gets the right answer and the money is right. `--quick` takes one piece of
 * work for each failpoint instead of all.
 */
const { values } = readArguments({ options: { quick: { type: 'boolean', default: false } } });

const stage = await openStage();
// Short, so that the next process takes over soon.
const env = {
  ...stage.env,
  ADYEN_BASE_URL: stage.adyenUrl,
  ADYEN_API_KEY: standInAdyen.apiKey,
  ADYEN_MERCHANT_ACCOUNT: standInAdyen.account,
  ADYEN_HMAC_KEYS: standInAdyen.hmacKey,
  PSP_TIMEOUT_MS: '500',
  REQUEST_LEASE_MS: '1000',
};
await registerAdyenWebhook(stage.adyenUrl, `${stage.api}/webhooks/adyen/${standInAdyen.account}`);
const api: Api = { url: stage.api, key: stage.keys.secretKey, stripeUrl: stage.stripeUrl };

/** Publishing needs a bus beside the service: test/events/kill.test.ts dies there. */
const failpoints = all.filter((name) => !name.startsWith('relay.'));

const wrong: { crash: string; what: string }[] = [];
const hit = new Set<string>();
let runs = 0;

/** One death: work until it strikes, start again, look. */
async function run(crash: Crash): Promise<void> {
  runs += 1;
  const name = `${crash.failpoint} during ${crash.work}`;
  const note = (what: string): void => void wrong.push({ crash: name, what });
  const armed = await startChildService(stage.dir, { ...env, TILLGATE_FAILPOINT: crash.failpoint });
  const begun = await crash.begin(api);
  const died = await Promise.race([armed.exited, sleep(10_000, 'nothing' as const)]);
  if (died === 'SIGKILL') hit.add(crash.failpoint);
  else {
    note(`it was not killed there (${String(died)})`);
    await armed.stop('SIGKILL');
  }
  const again = await startChildService(stage.dir, env);
  try {
    const problem = await crash.finish(api, begun);
    if (problem !== null) note(problem);
    const left = await until(async () => {
      const { violations } = await audit();
      return violations.length === 0 ? [] : null;
    }, 5_000);
    if (left === null)
      for (const { invariant, what } of (await audit()).violations) note(`${invariant}: ${what}`);
  } finally {
    await again.stop();
  }
}

const pool = openPatiently(stage.databaseUrl);
const audit = async () => {
  const ledger = [...(await readLedger(stage.stripeUrl)), ...(await readLedger(stage.adyenUrl))];
  return auditAll(auditPurchases(pool), ledger, { now: Date.now(), settlingMs: 5_000 });
};

try {
  const chosen = values.quick
    ? failpoints.map((failpoint) => crashes.find((each) => each.failpoint === failpoint))
    : crashes;
  for (const crash of chosen.filter((each) => each !== undefined)) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${runs}/${chosen.length} ${crash.failpoint}`);
    await run(crash);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  for (const { crash, what } of wrong) console.error(`${crash}: ${what}`);
  console.log(
    JSON.stringify({
      runs,
      violations: wrong.length,
      failpoints: failpoints.length,
      failpoints_hit: hit.size,
    }),
  );
  if (wrong.length > 0 || hit.size < failpoints.length) process.exitCode = 1;
} finally {
  await pool.close();
  await stage.close();
}
