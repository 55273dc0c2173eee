import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import pg from 'pg';

/** Numbered, forward-only SQL files: `0001-purchases.sql`. */
const folder = new URL('../../migrations/', import.meta.url);

/** Any constant will do, as long as every process uses the same: processes that start together migrate one by one. */
const advisoryLock = 7_455_283;

/**
 * Brings the schema up to date. Each file runs in a transaction of its own; a file that has changed since it ran is a
 * fault, because a database somewhere has run the old text.
 *
 * Answers the names of the files that ran.
 */
export async function migrate(url: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'tillgate-migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [advisoryLock]);
    await client.query(
      'create table if not exists migrations (name text primary key, checksum text not null, ran_at timestamptz not null default now())',
    );
    const { rows } = await client.query<{ name: string; checksum: string }>(
      'select name, checksum from migrations',
    );
    const done = new Map(rows.map((row) => [row.name, row.checksum]));
    const ran: string[] = [];
    for (const { name, text, checksum } of await files()) {
      const before = done.get(name);
      if (before === checksum) continue;
      if (before !== undefined)
        throw new MigrationFault(`migration ${name} has changed since it ran here; add a new one instead`);
      await client.query('begin');
      await client.query(text);
      await client.query('insert into migrations (name, checksum) values ($1, $2)', [name, checksum]);
      await client.query('commit');
      ran.push(name);
    }
    return ran;
  } finally {
    await client.end();
  }
}

export class MigrationFault extends Error {
  override readonly name = 'MigrationFault';
}

async function files(): Promise<{ name: string; text: string; checksum: string }[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, folder), 'utf8');
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
}
