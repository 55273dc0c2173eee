import { randomBytes } from 'node:crypto';
import { type MerchantKeys, createMerchant } from '../flows/create-merchant.ts';
import { type MerchantId, type NewId, idFrom } from '../kernel/ids.ts';
import { openDatabase } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { postgresStore } from '../store/postgres-store.ts';

/** Migrates an empty database and makes the merchant that a command plays the shop of. */
export async function openShop(databaseUrl: string): Promise<{ id: MerchantId; keys: MerchantKeys }> {
  await migrate(databaseUrl);
  const database = openDatabase({
    url: databaseUrl,
    poolMax: 1,
    statementTimeoutMs: 10_000,
    connectTimeoutMs: 10_000,
    onIdleFault: () => undefined,
  });
  const newId: NewId = (prefix) => idFrom(prefix, Date.now(), randomBytes(10));
  try {
    return await createMerchant({ store: postgresStore(database), newId, clock: Date.now }, 'default');
  } finally {
    await database.close();
  }
}
