import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { isLuhn } from '../../src/observe/secrecy.ts';
import { showFigure } from '../harness/figure.ts';
import { redisUrl } from '../harness/redis.ts';
import { newId, startTestService, type TestService } from '../harness/service.ts';
import { operations, pathWith, valuesOf } from './operations.ts';

let shop: TestService;
beforeAll(async () => {
  const redis = redisUrl === null ? {} : { REDIS_URL: redisUrl };
  shop = await startTestService({ logLevel: 'debug', env: redis });
});
afterAll(() => shop.close());

/** A card number that was never used anywhere else: finding it means that we wrote it. */
function canary(): string {
  const digits = `4${String(Math.floor(Math.random() * 1e14)).padStart(14, '0')}`;
  for (let check = 0; check < 10; check += 1)
    if (isLuhn(digits + String(check))) return digits + String(check);
  throw new Error('one of ten digits is the check digit');
}

const grouped = (pan: string, by: string): string => pan.replace(/(\d{4})(?=\d)/g, `$1${by}`);
/** How people and programs write a card number into a text. */
const spellings = [
  (pan: string) => pan,
  (pan: string) => grouped(pan, ' '),
  (pan: string) => grouped(pan, '-'),
  (pan: string) => `card ${pan} 12/27 123`,
];

/** The same value, with every text in it replaced, keys of free objects included. */
function planted(value: unknown, text: string): unknown {
  if (typeof value === 'string') return text;
  if (Array.isArray(value)) return value.map((each) => planted(each, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, planted(each, text)]));
}

test('a card number that is sent everywhere is found nowhere', async () => {
  const sent: string[] = [];
  const statuses = new Set<number>();
  const fresh = (spell: (pan: string) => string): string => {
    const pan = canary();
    sent.push(pan);
    return spell(pan);
  };
  for (const operation of operations) {
    const { method, body, endless } = operation;
    if (endless) continue;
    for (const [at, spell] of spellings.entries()) {
      const place = pathWith(operation, newId);
      const call = async (to: string, ask: Parameters<TestService['call']>[2]): Promise<void> => {
        statuses.add((await shop.call(method, to, ask)).status);
      };
      const [valid] = body === null ? [undefined] : fc.sample(valuesOf(body), { numRuns: 1, seed: at });
      if (body !== null) {
        await call(place, { body: planted(valid, fresh(spell)) });
        await call(place, { body: { ...(valid as object), [fresh(spell)]: 1 } });
        await call(place, { body: fresh(spell) });
        await call(place, {
          body: new URLSearchParams({ card: fresh(spell) }).toString(),
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        });
        await call(place, { body: { metadata: { note: fresh(spell) } }, key: null });
      }
      await call(`${place}?after=${encodeURIComponent(fresh(spell))}`, { body: valid });
      await call(
        pathWith(operation, () => encodeURIComponent(fresh(spell))),
        { body: valid },
      );
      await call(place, { body: valid, idempotencyKey: fresh(spell) });
      for (const header of [
        'x-note',
        'user-agent',
        'referer',
        'request-id',
        'tillgate-client-secret',
        'cookie',
        // Not read by the detector, because digests look like anything: they must still go nowhere.
        'traceparent',
        'tracestate',
        'baggage',
        'if-none-match',
        'signature',
      ]) {
        await call(place, { body: valid, headers: { [header]: fresh(spell) } });
      }
      await call(place, { body: valid, key: fresh(spell) });
    }
  }
  for (const spell of spellings) {
    for (const path of ['/csp-reports', '/webhooks/stripe/default', '/nowhere']) {
      await shop.call('POST', `${path}?note=${encodeURIComponent(fresh(spell))}`, {
        body: { 'csp-report': { 'effective-directive': fresh(spell), 'blocked-uri': fresh(spell) } },
      });
    }
  }
  const control = '4111111111111112';
  const kept = { amount: 100, currency: 'EUR', metadata: { note: control } };
  expect((await shop.call('POST', '/v1/checkouts', { body: kept })).status).toBe(201);
  expect(sent.length).toBeGreaterThan(500);
  expect(statuses).toContain(422);
  expect([...statuses].filter((status) => status >= 500)).toEqual([]);

  const metrics = await (await fetch(`${shop.admin()}/metrics`)).text();
  const events = JSON.stringify(await shop.events());
  const places = {
    metrics,
    events,
    log: shop.complaints.join(),
    ...(await everyTable()),
    ...(await everyFile()),
    ...(redisUrl === null ? {} : { redis: await everyKey(redisUrl) }),
  };
  const traces = sent.flatMap((pan) => spellings.slice(0, 3).map((spell) => spell(pan)));
  expect(foundIn(places, traces)).toEqual([]);
  const absent = redisUrl === null ? ' (no Redis)' : '';
  showFigure(
    `canaries: ${sent.length} card numbers sent, 0 found in ${Object.keys(places).length} places${absent}`,
  );
  // A number that only looks like one is stored, and found: in a table, in its file, in the write-ahead log.
  const controls = foundIn(places, [control]);
  expect(controls.some((where) => where.includes('table checkouts'))).toBe(true);
  expect(controls.some((where) => where.includes('/base/'))).toBe(true);
  expect(controls.some((where) => where.includes('/pg_wal/'))).toBe(true);
}, 120_000);

type Places = Readonly<Record<string, string>>;

function foundIn(places: Places, traces: readonly string[]): string[] {
  return Object.entries(places).flatMap(([place, text]) => {
    // One pass finds the runs of digits; only those are compared.
    const runs = new Set(text.match(/\d(?:[ -]?\d){15}/g) ?? []);
    return traces.filter((trace) => runs.has(trace)).map((trace) => `${trace} in ${place}`);
  });
}

/** Every key of Redis with its value, as Redis writes it to a dump. */
async function everyKey(url: string): Promise<string> {
  const client = new Redis(url);
  try {
    const keys = await client.keys('*');
    expect(keys.some((key) => key.startsWith('limit:'))).toBe(true);
    const values = await Promise.all(keys.map((key) => client.dumpBuffer(key)));
    return [...keys, ...values.map((value) => value.toString('latin1'))].join('\n');
  } finally {
    client.disconnect();
  }
}

/** Every row of every table as text. */
async function everyTable(): Promise<Record<string, string>> {
  const tables = await shop.query(
    `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public'`,
  );
  const texts: Record<string, string> = {};
  for (const { name } of tables) {
    const rows = await shop.query(`select t::text as row from ${name as string} as t`);
    texts[`table ${name as string}`] = rows.map(({ row }) => row as string).join('\n');
  }
  return texts;
}

/** Every file of this database and of the write-ahead log: what was written and taken back is still there. */
async function everyFile(): Promise<Record<string, string>> {
  await shop.query('checkpoint');
  const [place] = await shop.query(
    `select current_setting('data_directory') as dir, oid::text from pg_database where datname = current_database()`,
  );
  const dir = place?.['dir'] as string;
  const texts: Record<string, string> = {};
  for (const folder of [join(dir, 'base', place?.['oid'] as string), join(dir, 'pg_wal')]) {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (statSync(path).isFile()) texts[path] = readFileSync(path, 'latin1');
    }
  }
  return texts;
}
