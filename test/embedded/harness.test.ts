import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { Client } from 'pg';
import { freshDatabase, type FreshDatabase } from '../harness/database.ts';
import { describeWithRedis } from '../harness/redis.ts';

describe('a fresh database', () => {
  let one: FreshDatabase;
  let other: FreshDatabase;
  beforeAll(async () => {
    [one, other] = await Promise.all([freshDatabase(), freshDatabase()]);
  });
  afterAll(() => Promise.all([one.drop(), other.drop()]));

  it('is migrated', async () => {
    const client = new Client(one.url);
    await client.connect();
    const { rows } = await client.query<{ name: string }>('select name from migrations order by name');
    await client.end();
    const files = readdirSync(new URL('../../migrations/', import.meta.url)).filter((name) =>
      /^\d{4}-.*\.sql$/.test(name),
    );
    expect(rows.map(({ name }) => name)).toEqual(files.sort());
  });

  it('is not seen from another one', async () => {
    const [here, there] = [new Client(one.url), new Client(other.url)];
    await Promise.all([here.connect(), there.connect()]);
    await here.query('create table mark (id int)');
    const { rows } = await there.query("select to_regclass('mark') as mark");
    expect(rows).toEqual([{ mark: null }]);
    await Promise.all([here.end(), there.end()]);
  });
});

describeWithRedis('the redis of this run', (url) => {
  it('is on loopback', () => {
    expect(new URL(url).hostname).toBe('127.0.0.1');
  });
});
