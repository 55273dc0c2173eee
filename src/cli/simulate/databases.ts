import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../embedded/postgres.ts';
import { openPatiently } from '../../store/database.ts';
import { migrate } from '../../store/migrate.ts';
import { raw, sql } from '../../store/sql.ts';

/** A PostgreSQL that forgets everything at the end, with an empty database for every simulation. */
export type Databases = {
  readonly withDatabase: <T>(work: (url: string) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
};

export async function openDatabases(): Promise<Databases> {
  const dir = mkdtempSync(join(tmpdir(), 'tillgate-simulate-'));
  // Root's database server runs as another user, who has to pass.
  chmodSync(dir, 0o755);
  const postgres = await startPostgres({ dir: join(dir, 'postgres'), durable: false });
  const administer = openPatiently(postgres.url);
  const named = (name: string): string => Object.assign(new URL(postgres.url), { pathname: name }).href;
  await administer.rows(sql`create database template_of_simulations`);
  await migrate(named('template_of_simulations'));
  let made = 0;
  return {
    withDatabase: async (work) => {
      made += 1;
      const name = `simulation_${made}`;
      await administer.rows(
        raw(`create database ${name} template template_of_simulations strategy file_copy`),
      );
      try {
        return await work(named(name));
      } finally {
        await administer.rows(raw(`drop database ${name} with (force)`));
      }
    },
    close: async () => {
      await administer.close();
      await postgres.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
