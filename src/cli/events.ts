import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { verifyArchive } from '../events/archive/verify-archive.ts';
import { catalogueFiles } from '../events/catalogue-files.ts';
import { type JsonSchema, breakingChanges } from '../events/compatibility.ts';
import { isId } from '../kernel/ids.ts';
import { openDatabase } from '../store/database.ts';
import { postgresStore } from '../store/postgres-store.ts';
import type { Store } from '../store/store.ts';

/** `npm run events -- COMMAND`: the catalogue, what sinks refused, and the archive. */
const usage = `usage: events COMMAND
  catalogue [--write] [--base REF]   is docs/events up to date, and does nothing break its readers?
  set-aside                          what sinks refused, and what waits behind it
  replay SINK [--key KEY]            try it again
  skip SINK EVENT                    give one event up for good
  verify-archive [--dir DIR]         has anybody changed the archive?
DATABASE_URL names the database (all but catalogue).`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    base: { type: 'string' },
    key: { type: 'string' },
    dir: { type: 'string' },
  },
});
const [command, sink, event] = positionals;
const folder = join(import.meta.dirname, '../../docs/events');

switch (command) {
  case 'catalogue':
    process.exitCode = checkCatalogue() ? 0 : 1;
    break;
  case 'set-aside':
    await withStore(async ({ relay }) => {
      for (const each of await relay.listSetAside(1_000)) console.log(JSON.stringify(each));
    });
    break;
  case 'replay':
    if (sink === undefined) fail();
    await withStore(async ({ relay }) => {
      console.log(`${await relay.replay(sink, values.key ?? null)} events are tried again`);
    });
    break;
  case 'skip':
    if (sink === undefined || event === undefined || !isId('evt', event)) fail();
    await withStore(async ({ relay }) => {
      const skipped = await relay.skip(sink, event);
      console.log(skipped ? 'given up' : 'there is no such event set aside');
      process.exitCode = skipped ? 0 : 1;
    });
    break;
  case 'verify-archive':
    await withStore(async ({ events }) => {
      const dir = values.dir ?? process.env['EVENTS_ARCHIVE_DIR'] ?? '.tillgate/archive';
      const wrong = await verifyArchive(dir, await events.archives());
      for (const line of wrong) console.error(line);
      console.log(
        wrong.length === 0 ? 'the archive is as it was written' : `${wrong.length} things are wrong`,
      );
      process.exitCode = wrong.length === 0 ? 0 : 1;
    });
    break;
  default:
    fail();
}

/** Writes what is stale when asked to, but never over a file whose readers it would break. */
function checkCatalogue(): boolean {
  const files = catalogueFiles();
  const wrong: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    const found = existsSync(path) ? readFileSync(path, 'utf8') : null;
    const base = values.base === undefined ? found : atRevision(values.base, name);
    const breaks = name.endsWith('.schema.json') && base !== null ? breaksOf(base, text) : [];
    wrong.push(...breaks.map((each) => `${name}: breaks readers: ${each}`));
    if (found === text) continue;
    if (values.write && breaks.length === 0) writeFileSync(path, text);
    else wrong.push(`${name} is stale: npm run events -- catalogue --write`);
  }
  for (const name of readdirSync(folder).filter((each) => !(each in files))) {
    wrong.push(`${name}: breaks readers: the type is gone`);
  }
  for (const line of wrong) console.error(line);
  return wrong.length === 0;
}

function breaksOf(old: string, now: string): string[] {
  return breakingChanges(JSON.parse(old) as JsonSchema, JSON.parse(now) as JsonSchema);
}

function atRevision(revision: string, name: string): string | null {
  try {
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    return execFileSync('git', ['show', `${revision}:docs/events/${name}`], {
      encoding: 'utf8',
      stdio: [...stdio],
    });
  } catch {
    return null;
  }
}

async function withStore(work: (store: Store) => Promise<void>): Promise<void> {
  const url = process.env['DATABASE_URL'];
  if (url === undefined) throw new Error('DATABASE_URL is missing');
  const database = openDatabase({
    url,
    poolMax: 2,
    statementTimeoutMs: 60_000,
    connectTimeoutMs: 5_000,
    onIdleFault: () => undefined,
  });
  try {
    await work(postgresStore(database));
  } finally {
    await database.close();
  }
}

function fail(): never {
  console.error(usage);
  process.exit(2);
}
