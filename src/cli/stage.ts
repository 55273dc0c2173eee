import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../config.ts';
import { freePort } from '../embedded/port.ts';
import { startPostgres } from '../embedded/postgres.ts';
import { type MerchantKeys, createMerchant } from '../flows/create-merchant.ts';
import { type NewId, idFrom } from '../kernel/ids.ts';
import { openPatiently } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { postgresStore } from '../store/postgres-store.ts';
import { registerStripeWebhook, standInStripeKey, startStandInPsps } from './stand-in-psps.ts';

/** Everything around a service that a command drives and afterwards throws away. */
export type Stage = {
  readonly dir: string;
  readonly databaseUrl: string;
  readonly stripeUrl: string;
  readonly adyenUrl: string;
  /** Where a service with this environment listens. */
  readonly api: string;
  readonly keys: MerchantKeys;
  readonly env: Environment;
  readonly close: () => Promise<void>;
};

/** Starts a PostgreSQL and the stand-in PSPs, and makes one merchant. The service itself is the caller's to start. */
export async function openStage(settings: { readonly durable?: boolean } = {}): Promise<Stage> {
  const dir = mkdtempSync(join(tmpdir(), 'tillgate-stage-'));
  // Root's database server runs as another user, who has to pass.
  chmodSync(dir, 0o755);
  const postgres = await startPostgres({ dir: join(dir, 'postgres'), durable: settings.durable ?? false });
  const psps = await startStandInPsps(null);
  const keys = await makeMerchant(postgres.url);
  const api = `http://127.0.0.1:${await freePort()}`;
  const webhooks = `${api}/webhooks/stripe/default`;
  return {
    dir,
    databaseUrl: postgres.url,
    stripeUrl: psps.stripeUrl,
    adyenUrl: psps.adyenUrl,
    api,
    keys,
    env: {
      PORT: new URL(api).port,
      ADMIN_PORT: '0',
      DATABASE_URL: postgres.url,
      STRIPE_SECRET_KEY: standInStripeKey,
      STRIPE_BASE_URL: psps.stripeUrl,
      STRIPE_WEBHOOK_SECRETS: await registerStripeWebhook(psps.stripeUrl, standInStripeKey, webhooks),
    },
    close: async () => {
      await psps.stop();
      await postgres.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function makeMerchant(databaseUrl: string): Promise<MerchantKeys> {
  await migrate(databaseUrl);
  const database = openPatiently(databaseUrl);
  const newId: NewId = (prefix) => idFrom(prefix, Date.now(), randomBytes(10));
  try {
    const { keys } = await createMerchant(
      { store: postgresStore(database), newId, clock: Date.now },
      'default',
    );
    return keys;
  } finally {
    await database.close();
  }
}
