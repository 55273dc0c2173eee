/** The relays of a service and nothing else, in a process that bench-events can measure from outside. */
import { readConfig } from '../../config.ts';
import { startEventRelays } from '../../event-relays.ts';
import { webhookCalls } from '../../events/webhooks/calls.ts';
import { idFrom } from '../../kernel/ids.ts';
import { makeLog } from '../../observe/log.ts';
import { makeMetrics } from '../../observe/metrics.ts';
import { randomSource } from '../../observe/random.ts';
import { openDatabase } from '../../store/database.ts';
import { postgresStore } from '../../store/postgres-store.ts';

const config = readConfig(process.env);
const log = makeLog({ level: config.logLevel });
const metrics = makeMetrics();
const random = randomSource();
const database = openDatabase({
  url: config.databaseUrl,
  poolMax: config.poolMax,
  statementTimeoutMs: 10_000,
  connectTimeoutMs: 5_000,
  onIdleFault: (error) => log.warn('an idle database connection broke', { error }),
});
const calls = webhookCalls({
  installationSecret: config.secret,
  allowed: { loopback: config.events.webhooksToLoopback },
  timeoutMs: 15_000,
});
const relays = await startEventRelays(
  config.events,
  {
    store: postgresStore(database),
    clock: Date.now,
    newId: (prefix) => idFrom(prefix, Date.now(), random(10)),
    calls,
    failpoint: () => undefined,
  },
  log,
  metrics,
);
console.log('relaying');
process.once('SIGTERM', () => {
  void (async () => {
    await relays.stop();
    await calls.close();
    await database.close();
    metrics.close();
  })();
});
