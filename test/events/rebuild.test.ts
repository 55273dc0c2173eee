import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { toEnvelope } from '../../src/domain/events/envelope.ts';
import type { Event } from '../../src/domain/events/event.ts';
import type { EventCursor } from '../../src/domain/events/listed-event.ts';
import { folderArchive } from '../../src/events/archive/write-archive.ts';
import {
  consumer,
  growing,
  kpis,
  memoryLedger,
  orders,
  readEvent,
  toBytes,
} from '../../src/events/client/client.ts';
import { archiveEvents } from '../../src/flows/archive-events.ts';
import type { MerchantId } from '../../src/kernel/ids.ts';
import { type Currency, money } from '../../src/kernel/money.ts';
import { type Outbox, freshOutbox, newId, openOutbox } from './outbox.ts';

/** Months before the real ones, which are planned already. */
const january = Date.UTC(2021, 0, 10);
const february = Date.UTC(2021, 1, 10);
const march = Date.UTC(2021, 2, 10);

let outbox: Outbox;
let other: Outbox;
const archive = mkdtempSync(join(tmpdir(), 'archive-'));
/** What consumers that were there all the time have, by merchant. */
const live = new Map<MerchantId, { orders: Buffer; kpis: Buffer }>();

beforeAll(async () => {
  outbox = await freshOutbox();
  other = await openOutbox(outbox.url);
  for (const month of [january, february, march]) await outbox.store.events.planMonths(month);
  const lives = [outbox, other, outbox, outbox, other].map(({ merchantId }, nth) =>
    life(merchantId, 1_000n + BigInt(nth)),
  );
  const grown = [outbox, other].map(({ merchantId }) => grow(merchantId));
  // First what all of them begin with, then what comes next: every order lies in several months.
  for (const stage of [0, 1, 2, 3]) {
    await outbox.store.events.append(lives.map((events) => events[stage] as Event));
    for (const { follow } of grown) await follow();
  }
  for (const { keep } of grown) keep();
  for (const _month of [january, february])
    await archiveEvents({ store: outbox.store, clock: Date.now }, folderArchive(archive), 3);
});
afterAll(async () => {
  await other.drop();
  await outbox.drop();
});

/** An order that is made in January, declined once, captured in February and refunded in part in March. */
function life(merchantId: MerchantId, amount: bigint): Event[] {
  const orderId = newId('ord');
  const euros = (minor: bigint) => money(minor, 'EUR' as Currency);
  const data = { orderId, checkoutId: `chk_${orderId.slice(4)}` as const, total: euros(amount) };
  const attemptId = newId('att');
  const facts = [
    { at: january, type: 'order.created', data },
    {
      at: january,
      type: 'payment.declined',
      data: { ...data, attemptId, code: 'do_not_honor', advice: 'transient' },
    },
    { at: february, type: 'order.captured', data: { ...data, captured: euros(amount) } },
    {
      at: march,
      type: 'payment.refunded',
      data: { ...data, movementId: newId('mov'), amount: euros(amount / 2n), reason: 'other' },
    },
  ] as const;
  return facts.map((fact, nth) => ({
    id: newId('evt'),
    merchantId,
    aggregate: { type: 'order', id: orderId },
    sequence: nth + 1,
    ...fact,
  }));
}

/** A consumer of one merchant that reads `/v1/events` as it goes. */
function grow(merchantId: MerchantId) {
  const models = { orders: growing(orders), kpis: growing(kpis) };
  const { receive } = consumer(memoryLedger(), (event) => {
    models.orders.apply(event);
    models.kpis.apply(event);
    return Promise.resolve();
  });
  let after: EventCursor | null = null;
  return {
    follow: async () => {
      for (const { event, cursor } of await outbox.store.events.list(merchantId, after, 1_000)) {
        await receive(readEvent(JSON.stringify(toEnvelope(event))));
        after = cursor;
      }
    },
    keep: () =>
      live.set(merchantId, { orders: toBytes(models.orders.state), kpis: toBytes(models.kpis.state) }),
  };
}

/** `npm run events -- rebuild`. */
async function rebuild(dir = archive) {
  const out = join(mkdtempSync(join(tmpdir(), 'rebuilt-')), 'models');
  const args = ['src/cli/events.ts', 'rebuild', '--database', outbox.url, '--dir', dir, '--out', out];
  return new Promise<{ code: number; said: string; complained: string; out: string }>((resolve) => {
    const child = execFile(process.execPath, args, (_error, said, complained) =>
      resolve({ code: child.exitCode ?? -1, said, complained, out }),
    );
  });
}

/** The archive, with one of its files changed. */
function changed(file: string, change: (lines: readonly string[]) => readonly string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'archive-'));
  for (const name of readdirSync(archive)) writeFileSync(join(dir, name), readFileSync(join(archive, name)));
  const lines = gunzipSync(readFileSync(join(dir, file)))
    .toString()
    .trimEnd()
    .split('\n');
  writeFileSync(join(dir, file), gzipSync(`${change(lines).join('\n')}\n`));
  return dir;
}

test('the read models rebuilt from archive and outbox are byte for byte those that grew', async () => {
  // January and February have left the database; March has not.
  const here = await outbox.store.events.list(outbox.merchantId, null, 1_000);
  expect(here.map(({ event }) => event.type)).toEqual(Array(3).fill('payment.refunded'));

  const { code, said, out } = await rebuild();
  expect([code, JSON.parse(said)]).toEqual([0, { events: 20, archived: 15, merchants: 2, out }]);
  expect(readdirSync(out).sort()).toEqual([...live.keys()].sort());
  for (const [merchant, models] of live) {
    expect(readFileSync(join(out, merchant, 'orders.json'))).toEqual(models.orders);
    expect(readFileSync(join(out, merchant, 'kpis.json'))).toEqual(models.kpis);
  }
  const ofOrders = JSON.parse(String(live.get(outbox.merchantId)?.orders)) as Record<string, object>;
  const one = { status: 'captured', declines: 1, captured: 1_000, refunded: 500 };
  expect(Object.values(ofOrders)).toContainEqual(expect.objectContaining(one));
});

test.each([
  [
    'another amount',
    () =>
      changed('events_2021_01.ndjson.gz', (lines) => lines.map((line) => line.replaceAll('1000', '9000'))),
    /events_2021_01.ndjson.gz: event \d+ is not what was archived/,
  ],
  [
    'a line less',
    () => changed('events_2021_02.ndjson.gz', (lines) => lines.slice(1)),
    /events_2021_02.ndjson.gz: event 1 is not what was archived/,
  ],
  [
    'a file less',
    () => {
      const dir = changed('events_2021_01.ndjson.gz', (lines) => lines);
      rmSync(join(dir, 'events_2021_02.ndjson.gz'));
      return dir;
    },
    /events_2021_02.ndjson.gz: ENOENT[^]*3 is missing/,
  ],
])('an archive with %s is refused, and nothing is written', async (_what, tampered, complaint) => {
  const { code, complained, out } = await rebuild(tampered());
  expect(complained).toMatch(complaint);
  expect([code, existsSync(out)]).toEqual([1, false]);
});

test('an event that is nowhere is noticed by the number that is missing', async () => {
  const [first, , third] = life(outbox.merchantId, 1_500n) as [Event, Event, Event];
  await outbox.store.events.append([first, third]);
  const { code, complained } = await rebuild();
  expect([code, complained.trim()]).toEqual([1, `${first.aggregate.id}: 2 is missing`]);
});
