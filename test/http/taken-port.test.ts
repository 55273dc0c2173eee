import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ConfigRefused, readConfig } from '../../src/config.ts';
import { startService } from '../../src/main.ts';
import { makeLog } from '../../src/observe/log.ts';
import { freshDatabase } from '../harness/database.ts';
import { type TestService, eventually, startTestService } from '../harness/service.ts';

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService();
});
afterAll(() => shop.close());

it.each(['PORT', 'ADMIN_PORT'])(
  'a service whose %s is taken says so, and leaves nothing running',
  async (name) => {
    const taken = new URL(name === 'PORT' ? shop.api : shop.admin()).port;
    const database = await freshDatabase();
    const connected = `select 1 from pg_stat_activity where datname = '${new URL(database.url).pathname.slice(1)}'`;
    const free = { PORT: '0', ADMIN_PORT: '0' };
    const complaints: string[] = [];
    const log = makeLog({
      level: 'warn',
      destination: { write: (line: string) => void complaints.push(line) },
    });
    const config = readConfig({ ...shop.env, ...free, [name]: taken, DATABASE_URL: database.url });
    const failed = await startService(config, shop.merchantId, log).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ConfigRefused);
    expect((failed as Error).message).toContain(`${name}: cannot listen on 127.0.0.1:${taken}`);
    await eventually(async () => (await shop.query(connected)).length === 0);
    expect(complaints).toEqual([]);
    await database.drop();
  },
);
