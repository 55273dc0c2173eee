import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { verifyArchive } from '../events/archive/verify-archive.ts';
import { type Released, breaksOf, currentSchemas } from '../events/released.ts';
import { isId } from '../kernel/ids.ts';
import { openDatabase } from '../store/database.ts';
import { postgresStore } from '../store/postgres-store.ts';
import type { Store } from '../store/store.ts';

/** `npm run events -- COMMAND`: a release of the catalogue, what sinks refused, and the archive. */
const usage = `usage: events COMMAND
  release                      promise consumers what the catalogue says now
  set-aside                    what sinks refused, and what waits behind it
  replay SINK [--key KEY]      try it again
  skip SINK EVENT              give one event up for good
  verify-archive [--dir DIR]   has anybody changed the archive?
DATABASE_URL names the database (all but release).`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    key: { type: 'string' },
    dir: { type: 'string' },
  },
});
const [command, sink, event] = positionals;
const released = new URL('../../docs/events/released.json', import.meta.url);

switch (command) {
  case 'release':
    process.exitCode = release() ? 0 : 1;
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

/** Writes the promise anew, unless that would break it. */
function release(): boolean {
  const now = currentSchemas();
  const breaks = breaksOf(JSON.parse(readFileSync(released, 'utf8')) as Released, now);
  for (const line of breaks) console.error(line);
  if (breaks.length === 0) writeFileSync(released, `${JSON.stringify(now, null, 2)}\n`);
  return breaks.length === 0;
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
