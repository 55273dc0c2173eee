import { randomBytes } from 'node:crypto';
import { type Config, ConfigRefused, keyless, readConfig } from '../config.ts';
import { FolderInUse } from '../embedded/claim.ts';
import { startPostgres } from '../embedded/postgres.ts';
import { type MerchantKeys, createMerchant } from '../flows/create-merchant.ts';
import { type MerchantId, type NewId, idFrom } from '../kernel/ids.ts';
import { secondMs } from '../kernel/instant.ts';
import { startService } from '../main.ts';
import { refuseDefaults, withSecretFiles } from '../production.ts';
import { type Log, makeLog } from '../observe/log.ts';
import { GenerationRefused } from '../risk/generation.ts';
import { openPatiently } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { postgresStore } from '../store/postgres-store.ts';
import { waitForDatabase } from '../store/wait-for-database.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import {
  registerAdyenWebhook,
  registerStripeWebhook,
  standInAdyen,
  standInStripeKey,
  startStandInPsps,
} from './stand-in-psps.ts';
import { readArguments } from './arguments.ts';

/**
 * `npm start`: everything that the environment does not provide is started here: a PostgreSQL when there is no
 * DATABASE_URL, the stand-in PSPs when there is no PSP account.
 */
const { values } = readArguments({
  options: { json: { type: 'boolean', default: false }, data: { type: 'string', default: '.tillgate' } },
});

const began = performance.now();

/** A database that was killed replays its log before it answers; an orchestrator gives up on us after about as long. */
const databasePatienceMs = 60 * secondMs;

/** In the order they were started; stopped in the opposite order. */
const started: { readonly what: string; readonly stop: () => Promise<unknown> }[] = [];

async function start(): Promise<void> {
  // `FOO=` means the same as no FOO at all: that is how container platforms write "not set".
  const env: Record<string, string | undefined> = Object.fromEntries(
    Object.entries(withSecretFiles(process.env)).filter(([, value]) => value !== ''),
  );
  refuseDefaults(env);
  // Before the stand-ins take the place of what is missing.
  if (keyless(env).length > 0) throw new ConfigRefused(keyless(env));
  const given = env['DATABASE_URL'];
  const directory = await openDataDirectory(values.data);
  env['TILLGATE_SECRET'] ??= await directory.secret();
  await provideDatabase(env, directory);
  const standIn = await providePsps(env, directory);

  const config = readConfig(env);
  const log = makeLog({
    level: values.json || process.stdout.isTTY ? quietly(config.logLevel) : config.logLevel,
  });
  await waitForDatabase(config.databaseUrl, databasePatienceMs, (reason) =>
    log.warn('waiting for the database', { reason }),
  );
  await migrate(config.databaseUrl);
  const { merchantId, keys } = await provideMerchant(config, directory, env['DATABASE_URL'] === given);
  const service = await startService(config, merchantId, log, standIn ? keys : null);
  started.push({ what: 'the service', stop: service.close });

  process.on('SIGHUP', () => void service.reload());
  announce({ ...service, keys, standIn, dataDirectory: directory.path, log });
}

/** A person at a terminal wants the ready line, not the log. */
function quietly(level: Config['logLevel']): Config['logLevel'] {
  return level === 'info' || level === 'debug' ? 'warn' : level;
}

async function provideDatabase(
  env: Record<string, string | undefined>,
  directory: DataDirectory,
): Promise<void> {
  if (env['DATABASE_URL'] !== undefined) return;
  const postgres = await startPostgres({ dir: `${directory.path}/postgres` });
  started.push({ what: 'PostgreSQL', stop: postgres.stop });
  env['DATABASE_URL'] = postgres.url;
}

/** Answers whether the stand-ins take the payments. */
async function providePsps(
  env: Record<string, string | undefined>,
  directory: DataDirectory,
): Promise<boolean> {
  if (env['STRIPE_SECRET_KEY'] !== undefined || env['ADYEN_API_KEY'] !== undefined) return false;
  const psps = await startStandInPsps(`${directory.path}/stand-in-psps`);
  started.push({ what: 'the stand-in PSPs', stop: psps.stop });
  const api = `http://${env['HOST'] ?? '127.0.0.1'}:${env['PORT'] ?? '8080'}`;
  env['STRIPE_BASE_URL'] = psps.stripeUrl;
  env['STRIPE_SECRET_KEY'] = standInStripeKey;
  env['STRIPE_WEBHOOK_SECRETS'] = await registerStripeWebhook(
    psps.stripeUrl,
    standInStripeKey,
    `${api}/webhooks/stripe/${env['STRIPE_ACCOUNT'] ?? 'default'}`,
  );
  env['ADYEN_BASE_URL'] = psps.adyenUrl;
  env['ADYEN_API_KEY'] = standInAdyen.apiKey;
  env['ADYEN_MERCHANT_ACCOUNT'] = standInAdyen.account;
  env['ADYEN_HMAC_KEYS'] = standInAdyen.hmacKey;
  await registerAdyenWebhook(psps.adyenUrl, `${api}/webhooks/adyen/${standInAdyen.account}`);
  return true;
}

/** The first start makes the default merchant. Its keys are kept only beside an embedded database. */
async function provideMerchant(
  config: Config,
  directory: DataDirectory,
  ownDatabase: boolean,
): Promise<{ merchantId: MerchantId; keys: MerchantKeys | null }> {
  const database = openPatiently(config.databaseUrl);
  const store = postgresStore(database);
  try {
    const [first] = await store.merchants.list();
    if (first !== undefined)
      return { merchantId: first.id, keys: ownDatabase ? null : await directory.readKeys() };
    const newId: NewId = (prefix) => idFrom(prefix, Date.now(), randomBytes(10));
    const made = await createMerchant({ store, newId, clock: Date.now }, 'default');
    if (!ownDatabase) await directory.writeKeys(made.keys);
    return { merchantId: made.id, keys: made.keys };
  } finally {
    await database.close();
  }
}

type Ready = {
  readonly api: string;
  readonly admin: string;
  readonly keys: MerchantKeys | null;
  readonly standIn: boolean;
  readonly dataDirectory: string;
  readonly log: Log;
};

function announce({ api, admin, keys, standIn, dataDirectory }: Ready): void {
  const seconds = Math.round(performance.now() - began) / 1000;
  if (values.json) {
    const shown = keys === null ? {} : { secret_key: keys.secretKey, publishable_key: keys.publishableKey };
    console.log(
      JSON.stringify({
        ready: true,
        seconds,
        api,
        admin,
        ...(standIn && keys !== null && { demo: `${api}/demo` }),
        console: `${api}/console`,
        docs: `${api}/docs`,
        ...shown,
      }),
    );
    return;
  }
  const demo = standIn && keys !== null ? ` · demo shop ${api}/demo` : '';
  const psp = standIn ? ' · stand-in Stripe and Adyen, no money moves' : '';
  console.log(
    `Tillgate is ready after ${seconds} s: API ${api} · console ${api}/console${demo} · docs ${api}/docs · admin ${admin}${psp} · data in ${dataDirectory}`,
  );
  if (keys !== null) console.log(`secret key ${keys.secretKey}\npublishable key ${keys.publishableKey}`);
}

let stopping: Promise<void> | null = null;

/** The service first, so that requests in flight still find their database and PSP. */
function stop(): Promise<void> {
  stopping ??= (async () => {
    for (const { what, stop: stopPart } of started.reverse()) {
      await stopPart().catch((error: unknown) => console.error(`${what} did not stop cleanly:`, error));
    }
  })();
  return stopping;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => void stop().then(() => process.exit(0)));
}

try {
  await start();
} catch (error) {
  const isRefusal = [ConfigRefused, FolderInUse, GenerationRefused].some((kind) => error instanceof kind);
  console.error(isRefusal ? (error as Error).message : error);
  await stop();
  process.exit(1);
}
