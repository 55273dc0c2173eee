import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { planByKey, poolingOf } from './database.ts';

/** Numbered, forward-only SQL files: `0001-purchases.sql`. */
const shipped = new URL('../../migrations/', import.meta.url);

/** Any constant will do, as long as every process uses the same: processes that start together migrate one by one. */
const advisoryLock = 7_455_283;

/** Behind a migration that waits for a table everybody waits who comes later: it asks for a moment, and again later. */
const lockTimeoutMs = 500;
const pauseMs = 1_000;

/**
 * Brings the schema up to date. Each file runs in a transaction of its own, under a lock that ends with it: nothing here
 * needs a session, so that PgBouncer may stand between. A file that has changed since it ran is a fault, because a database
 * somewhere has run the old text.
 *
 * Answers the names of the files that ran.
 */
export async function migrate(url: string, folder = shipped): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'tillgate-migrate' });
  const all = await files(folder);
  const ran: string[] = [];
  await client.connect();
  try {
    for (;;) {
      await client.query('begin');
      await client.query('select pg_advisory_xact_lock($1)', [advisoryLock]);
      await client.query('set local statement_timeout = 0');
      const next = await nextOf(client, all);
      if (next !== undefined) {
        const { name, text, checksum } = next;
        if (!(await ranNow(client, text))) {
          await sleep(pauseMs);
          continue;
        }
        await client.query('insert into migrations (name, checksum) values ($1, $2)', [name, checksum]);
        ran.push(name);
      } else if (!poolingOf(url).settings) await client.query(settingsOfRole);
      await client.query('commit');
      if (next === undefined) return ran;
    }
  } finally {
    await client.end();
  }
}

/** False when somebody holds a table that it needs, a backup for instance: nothing has changed then. */
async function ranNow(client: pg.Client, text: string): Promise<boolean> {
  try {
    await client.query(`set local lock_timeout = ${lockTimeoutMs}`);
    await client.query(text);
    return true;
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
    if (code !== lockNotAvailable) throw error;
    await client.query('rollback');
    return false;
  }
}

const lockNotAvailable = '55P03';

type File = { readonly name: string; readonly text: string; readonly checksum: string };

async function nextOf(client: pg.Client, all: readonly File[]): Promise<File | undefined> {
  await client.query(
    'create table if not exists migrations (name text primary key, checksum text not null, ran_at timestamptz not null default now())',
  );
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from migrations',
  );
  const done = new Map(rows.map((row) => [row.name, row.checksum]));
  for (const { name, checksum } of all) {
    if ((done.get(name) ?? checksum) !== checksum)
      throw new MigrationFault(`migration ${name} has changed since it ran here; add a new one instead`);
  }
  return all.find(({ name }) => !done.has(name));
}

/** What connections ask for where nothing stands between, as defaults of this role in this database. */
const settingsOfRole = Object.entries({ ...planByKey, statement_timeout: '10s' })
  .map(
    ([name, value]) =>
      `do $$ begin execute format('alter role current_user in database %I set ${name} = ''${value}''', current_database()); end $$`,
  )
  .join(';\n');

export class MigrationFault extends Error {
  override readonly name = 'MigrationFault';
}

async function files(folder: URL): Promise<File[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, folder), 'utf8');
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
}
