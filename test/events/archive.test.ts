import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Event } from '../../src/domain/events/event.ts';
import { chained } from '../../src/events/archive/chain.ts';
import { verifyArchive } from '../../src/events/archive/verify-archive.ts';
import { folderArchive } from '../../src/events/archive/write-archive.ts';
import type { Archive } from '../../src/events/sink.ts';
import { archiveEvents } from '../../src/flows/archive-events.ts';
import { type Instant, dayMs } from '../../src/kernel/instant.ts';
import { sql } from '../../src/store/sql.ts';
import { type Outbox, freshOutbox, manyEvents, newId } from './outbox.ts';

/** Months before the real ones, which are planned already. */
const december = Date.UTC(2020, 11, 10);
const january = Date.UTC(2021, 0, 10);
const february = Date.UTC(2021, 1, 10);
const clock = Date.now;

let outbox: Outbox;
beforeAll(async () => {
  outbox = await freshOutbox();
  await outbox.store.events.planMonths(december);
  for (const month of [january, february]) {
    await outbox.store.events.planMonths(month);
    const events = manyEvents(outbox.merchantId, 5, 4).map((each): Event => ({ ...each, at: month }));
    await outbox.store.events.append(events);
  }
});
afterAll(() => outbox.drop());

const newFolder = () => mkdtempSync(join(tmpdir(), 'archive-'));
const live = async () =>
  (await outbox.store.events.list(outbox.merchantId, null, 1_000)).map(({ event }) => event.at);

test('a month that a sink still needs is not archived', async () => {
  const dir = newFolder();
  await outbox.store.relay.claim('kafka', 'holder', 1);
  expect(await archiveEvents({ store: outbox.store, clock }, folderArchive(dir), 1)).toBe(true);
  // December holds nothing that anybody needs; January and February hold what Kafka has not had.
  while (await archiveEvents({ store: outbox.store, clock }, folderArchive(dir), 1));
  expect(await live()).toHaveLength(40);
  const last = (await outbox.store.events.list(outbox.merchantId, null, 1_000)).at(-1)!;
  await outbox.store.relay.advance('kafka', 'holder', last.cursor, 1);
});

test('a sink that was removed keeps no month once it is forgotten, and a sink at work is not forgotten', async () => {
  const { relay, events } = outbox.store;
  await relay.claim('removed', 'holder', 60_000);
  const [listed] = await relay.read({ xact: '0', position: '0' }, 1);
  expect(await relay.setAside('removed', 'holder', listed!, 'refused')).toBe(true);
  expect(await relay.forget('removed')).toBe(false);
  expect(await events.archivable(1)).toBeNull();
  await relay.release('removed', 'holder');
  expect(await relay.forget('removed')).toBe(true);
  expect(await relay.listSetAside(10)).toEqual([]);
  expect(await events.archivable(1)).toMatchObject({ partition: 'events_2021_01' });
});

test('a full disk leaves nothing behind, and the month stays', async () => {
  const dir = newFolder();
  symlinkSync('/dev/full', join(dir, 'events_2021_01.ndjson.gz.part'));
  const failing = archiveEvents({ store: outbox.store, clock }, folderArchive(dir), 1);
  await expect(failing).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(readdirSync(dir)).toEqual([]);
  expect(await live()).toHaveLength(40);
});

describe('of a database of its own', () => {
  let own: Outbox;
  beforeEach(async () => {
    own = await freshOutbox();
    await own.store.events.planMonths(january);
  });
  afterEach(() => own.drop());
  const sayAt = (at: Instant) =>
    own.store.events.append(manyEvents(own.merchantId, 1, 2).map((each): Event => ({ ...each, at })));
  const listed = async () => (await own.store.events.list(own.merchantId, null, 100)).length;

  test('a month is not let go of with events that came after its file, and is archived anew', async () => {
    const dir = newFolder();
    const folder = folderArchive(dir);
    const meanwhile: Archive = {
      write: async (...asked) => {
        const written = await folder.write(...asked);
        await sayAt(january);
        return written;
      },
    };
    await sayAt(january);
    const torn = archiveEvents({ store: own.store, clock }, meanwhile, 1);
    await expect(torn).rejects.toThrow('events_2021_01 holds 4 events and 2 are archived');
    expect(await listed()).toBe(4);
    while (await archiveEvents({ store: own.store, clock }, folder, 1));
    expect(await listed()).toBe(0);
    const archives = await own.store.events.archives();
    expect(archives[0]).toMatchObject({ file: 'events_2021_01.ndjson.gz', events: 4 });
    expect(await verifyArchive(dir, archives)).toEqual([]);
  });

  test('a month that was let go of and planned again does not overwrite its archive', async () => {
    const dir = newFolder();
    await sayAt(january);
    while (await archiveEvents({ store: own.store, clock }, folderArchive(dir), 1));
    await own.store.events.planMonths(january);
    await sayAt(january);
    while (await archiveEvents({ store: own.store, clock }, folderArchive(dir), 1));
    expect(await listed()).toBe(2);
    expect(await verifyArchive(dir, await own.store.events.archives())).toEqual([]);
  });

  test('the current month stays, though the clock of the process has jumped ahead', async () => {
    await sayAt(Date.now());
    const ahead = () => Date.now() + 400 * dayMs;
    while (await archiveEvents({ store: own.store, clock: ahead }, folderArchive(newFolder()), 1));
    expect(await listed()).toBe(2);
  });
});

test('months that everybody had are archived and dropped, and any change of a file is found', async () => {
  const dir = newFolder();
  while (await archiveEvents({ store: outbox.store, clock }, folderArchive(dir), 3));
  expect(await live()).toEqual([]);
  const recorded = (await outbox.store.events.archives()).filter(({ file }) => /2021_0[12]/.test(file));
  expect(recorded.map(({ events }) => events)).toEqual([20, 20]);
  const all = await outbox.store.events.archives();
  const verified = async () => (await verifyArchive(dir, all)).filter((wrong) => wrong.includes('2021_0'));
  expect(await verified()).toEqual([]);

  const path = join(dir, 'events_2021_01.ndjson.gz');
  const whole = readFileSync(path);
  const lines = gunzipSync(whole).toString().trimEnd().split('\n');
  const rewrite = (changed: readonly string[]) => writeFileSync(path, gzipSync(`${changed.join('\n')}\n`));
  const expectFound = async (wrong: RegExp) => {
    expect(await verified()).toEqual([expect.stringMatching(wrong)]);
  };
  rewrite(lines.map((line, nth) => (nth === 3 ? line.replace('1299', '9999') : line)));
  await expectFound(/event 4 is not what was archived/);
  rewrite(lines.filter((_, nth) => nth !== 7));
  await expectFound(/event 8 is not what was archived/);
  rewrite(lines.slice(0, -1));
  await expectFound(/without its end/);
  writeFileSync(path, whole.subarray(0, whole.length - 20));
  await expectFound(/events_2021_01/);
  rewrite(forged(lines, recorded[0]?.start ?? ''));
  await expectFound(/is not the file that was archived/);
  writeFileSync(path, whole);
  expect(await verified()).toEqual([]);
});

test('twins of a sequence number are refused within a month', async () => {
  const [event] = manyEvents(outbox.merchantId, 1, 1) as [Event];
  await outbox.store.events.append([event]);
  const twin: Event = { ...event, id: newId('evt') };
  await expect(outbox.store.events.append([twin])).rejects.toThrow(/event_sequence_has_no_twin/);
});

test('events cannot be changed or deleted', async () => {
  await expect(outbox.database.rows(sql`delete from events`)).rejects.toThrow(/append-only/);
  await expect(outbox.database.rows(sql`update events set type = 'x'`)).rejects.toThrow(/append-only/);
});

/** Another amount in the first event, and the whole chain computed anew. */
function forged(lines: readonly string[], start: string): string[] {
  let chain = start;
  const bodies = lines.slice(0, -1).map((line, nth) => {
    const { body } = JSON.parse(line) as { body: string };
    const changed = nth === 0 ? body.replace('1299', '1') : body;
    chain = chained(chain, changed);
    return JSON.stringify({ chain, body: changed });
  });
  return [...bodies, JSON.stringify({ end: { events: bodies.length, chain } })];
}
