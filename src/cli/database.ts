import { runningPostgres } from '../embedded/postgres.ts';
import { withSecretFiles } from '../production.ts';
import { openPatiently } from '../store/database.ts';
import { postgresStore } from '../store/postgres-store.ts';
import type { Store } from '../store/store.ts';

/** What a command that reads the database takes: `--database URL`, and `--data DIR` for the embedded one. */
export const databaseOptions = {
  database: { type: 'string' },
  data: { type: 'string', default: '.tillgate' },
} as const;

type Where = { readonly database?: string | undefined; readonly data: string };

/** The database that is named, else the one of DATABASE_URL, else the embedded one when it runs; null without any. */
export function databaseUrl({ database, data }: Where): string | null {
  return database ?? withSecretFiles(process.env)['DATABASE_URL'] ?? runningPostgres(`${data}/postgres`);
}

/** Works with the store and lets go of it. */
export async function withStore<T>(url: string, work: (store: Store) => Promise<T>): Promise<T> {
  const database = openPatiently(url, 2);
  try {
    return await work(postgresStore(database));
  } finally {
    await database.close();
  }
}
