import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyArchive } from '../events/archive/verify-archive.ts';
import { toBytes } from '../events/client/client.ts';
import { type Released, breaksOf, currentSchemas } from '../events/released.ts';
import { isId } from '../kernel/ids.ts';
import type { Store } from '../store/store.ts';
import { databaseOptions, databaseUrl, withStore } from './database.ts';
import { rebuild } from './rebuild.ts';
import { readArguments } from './arguments.ts';

/** `npm run events -- COMMAND`: a release of the catalogue, what sinks refused, the archive, and what is made of all. */
const usage = `usage: events COMMAND
  release                      promise consumers what the catalogue says now
  set-aside                    what sinks refused, and what waits behind it
  replay SINK [--key KEY]      try it again
  skip SINK EVENT              give one event up for good
  forget SINK                  a sink that is not used any more: its cursor, and what it was still to get
  verify-archive [--dir DIR]   has anybody changed the archive?
  rebuild [--dir DIR] [--out DIR]
                               make the read models of every merchant again, from the archive and the outbox
DATABASE_URL or --database names the database (all but release).`;

const { values, positionals } = readArguments(
  {
    allowPositionals: true,
    options: {
      key: { type: 'string' },
      dir: { type: 'string', default: process.env['EVENTS_ARCHIVE_DIR'] ?? '.tillgate/archive' },
      out: { type: 'string', default: '.tillgate/projections' },
      ...databaseOptions,
    },
  },
  usage,
);
const [command, sink, event] = positionals;
const released = new URL('../../docs/events/released.json', import.meta.url);

switch (command) {
  case 'release':
    process.exitCode = release() ? 0 : 1;
    break;
  case 'set-aside':
    await inStore(async ({ relay }) => {
      for (const each of await relay.listSetAside(1_000)) console.log(JSON.stringify(each));
    });
    break;
  case 'replay':
    if (sink === undefined) fail();
    await inStore(async ({ relay }) => {
      console.log(`${await relay.replay(sink, values.key ?? null)} events are tried again`);
    });
    break;
  case 'skip':
    if (sink === undefined || event === undefined || !isId('evt', event)) fail();
    await inStore(async ({ relay }) => {
      const skipped = await relay.skip(sink, event);
      console.log(skipped ? 'given up' : 'there is no such event set aside');
      process.exitCode = skipped ? 0 : 1;
    });
    break;
  case 'forget':
    if (sink === undefined) fail();
    await inStore(async ({ relay }) => {
      const forgotten = await relay.forget(sink);
      console.log(forgotten ? 'forgotten' : 'there is no such sink, or a relay still works for it');
      process.exitCode = forgotten ? 0 : 1;
    });
    break;
  case 'verify-archive':
    await inStore(async ({ events }) => {
      const wrong = await verifyArchive(values.dir, await events.archives());
      if (refused(wrong)) return;
      console.log('the archive is as it was written');
    });
    break;
  case 'rebuild':
    await inStore(async (store) => {
      const { wrong, merchants, ...counts } = await rebuild(store, values.dir);
      if (refused(wrong)) return;
      for (const [merchant, models] of merchants) {
        const dir = join(values.out, merchant);
        mkdirSync(dir, { recursive: true });
        for (const [name, { state }] of Object.entries(models))
          writeFileSync(join(dir, `${name}.json`), toBytes(state));
      }
      console.log(JSON.stringify({ ...counts, merchants: merchants.size, out: values.out }));
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

/** Says what is wrong, if anything is. */
function refused(wrong: readonly string[]): boolean {
  for (const line of wrong) console.error(line);
  if (wrong.length === 0) return false;
  console.log(`${wrong.length} things are wrong`);
  process.exitCode = 1;
  return true;
}

async function inStore(work: (store: Store) => Promise<void>): Promise<void> {
  const url = databaseUrl(values);
  if (url === null) throw new Error('DATABASE_URL is missing');
  await withStore(url, work);
}

function fail(): never {
  console.error(usage);
  process.exit(2);
}
