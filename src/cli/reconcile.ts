import { readFile } from 'node:fs/promises';
import { readConfig } from '../config.ts';
import { reconcile } from '../flows/reconcile.ts';
import { dayMs } from '../kernel/instant.ts';
import { makeLog } from '../observe/log.ts';
import { accountsOf } from '../psp-accounts.ts';
import { chargesFromReport } from '../psp/adyen/accounting-report.ts';
import { openDatabase } from '../store/database.ts';
import { postgresStore } from '../store/postgres-store.ts';
import { withSecretFiles } from '../production.ts';
import { readArguments } from './arguments.ts';

/**
 * `node src/cli/reconcile.ts [--day 2026-03-01] [--adyen-report FILE]`: compares the journal with what the PSPs say
 * they charged on a day (UTC; yesterday when absent). Every difference is a line; ends with 1 when there is one.
 */
const { values } = readArguments({
  options: { day: { type: 'string' }, 'adyen-report': { type: 'string' } },
});

const config = readConfig(withSecretFiles(process.env));
const day = values.day ?? new Date(Date.now() - dayMs).toISOString().slice(0, 10);
const since = Date.parse(`${day}T00:00:00Z`);
if (Number.isNaN(since)) throw new Error(`--day ${day} is not a day like 2026-03-01`);
const log = makeLog({ level: config.logLevel });
const database = openDatabase({
  url: config.databaseUrl,
  poolMax: 2,
  statementTimeoutMs: 60_000,
  connectTimeoutMs: 10_000,
  onIdleFault: (error) => log.warn('an idle database connection broke', { error }),
});
const store = postgresStore(database);
try {
  const [merchant] = await store.merchants.list();
  if (merchant === undefined) throw new Error('there is no merchant in this database');
  const path = values['adyen-report'];
  const report = path === undefined ? undefined : chargesFromReport(await readFile(path, 'utf8'));
  let found = 0;
  let compared = 0;
  for (const account of await accountsOf(config, merchant.id)) {
    const brought = account.psp.name === 'adyen' ? report : undefined;
    const done = await reconcile({ store }, account, { since, until: since + dayMs }, brought);
    if (done === null) {
      console.error(
        `${account.psp.name}/${account.psp.account} has no list of charges: bring its report with --adyen-report`,
      );
      continue;
    }
    compared += done.compared;
    found += done.differences.length;
    for (const { kind, attemptId, pspReference, here, there } of done.differences)
      console.log(
        JSON.stringify({
          psp: done.psp,
          account: done.account,
          kind,
          attempt: attemptId,
          psp_reference: pspReference,
          here,
          there,
        }),
      );
  }
  console.log(JSON.stringify({ day, compared, differences: found }));
  process.exitCode = found === 0 ? 0 : 1;
} finally {
  await database.close();
}
