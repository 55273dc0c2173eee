import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';
import { migrate } from '../../src/store/migrate.ts';
import { type TestService, eventually, startTestService } from '../harness/service.ts';
import { card, openCheckout } from '../http/routes/operations.ts';

let shop: TestService;
const folder = mkdtempSync(join(tmpdir(), 'tillgate-migrations-'));
beforeAll(async () => {
  shop = await startTestService({ env: { PSP_TIMEOUT_MS: '5000', REQUEST_LEASE_MS: '7000' } });
});
afterAll(async () => {
  await shop.close();
  rmSync(folder, { recursive: true });
});

/** Adds a column to every table there is. */
const migration = `do $$ declare each text; begin
  for each in select relname from pg_class where relnamespace = 'public'::regnamespace
    and relkind in ('r', 'p') and not relispartition and relname <> 'migrations'
  loop execute format('alter table %I add column later text', each); end loop;
end $$;`;

/** What a shop does all day, so that every connection has prepared it; the status of each. */
async function trade(): Promise<ReadonlySet<number>> {
  const statuses = new Set<number>();
  const told = async (method: string, path: string, body?: object): Promise<void> => {
    statuses.add((await shop.call(method, path, { body })).status);
  };
  const lane = async (): Promise<void> => {
    const checkout = await openCheckout(shop, { capture_mode: 'manual' });
    const order = `/v1/orders/${checkout.replace('chk_', 'ord_')}`;
    await told('POST', `/v1/checkouts/${checkout}/confirm`, card);
    await told('POST', `${order}/capture`, {});
    await told('POST', `${order}/refunds`, {});
    for (const path of [`/v1/checkouts/${checkout}`, order, '/v1/events', '/v1/reviews', '/v1/disputes'])
      await told('GET', path);
  };
  await Promise.all(Array.from({ length: 6 }, lane));
  return statuses;
}

test('a migration that has to wait for a table holds nobody up, and runs when it is free [F15.3]', async () => {
  await trade();
  writeFileSync(join(folder, '9001-later.sql'), migration);
  // A backup, which reads for hours.
  const reader = new Client(shop.databaseUrl);
  await reader.connect();
  await reader.query('begin');
  await reader.query('select count(*) from checkouts');

  let isDone = false;
  const migrated = migrate(shop.databaseUrl, pathToFileURL(`${folder}/`)).finally(() => (isDone = true));
  const isWaiting = async () =>
    (
      await shop.query(`select 1 from pg_stat_activity where datname = current_database()
      and application_name = 'tillgate-migrate' and wait_event_type = 'Lock'`)
    ).length > 0;
  // It has asked, given up, and asked again; buyers pay all the while.
  for (let asked = 0; asked < 2; asked += 1) {
    await eventually(isWaiting);
    expect(await trade()).toEqual(new Set([200]));
    await eventually(async () => !(await isWaiting()));
  }
  expect(isDone).toBe(false);
  await reader.end();
  expect(await migrated).toEqual(['9001-later.sql']);
  // The code that knows nothing of it goes on.
  expect(await trade()).toEqual(new Set([200]));
});
