import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startRedis } from '../../scripts/services/redis.ts';
import { startPostgres } from '../../src/embedded/postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import { templateName } from './database.ts';
import { runningKey } from './teardown.ts';

/** Starts what wired tests need and tells the workers by the environment, which they inherit. */
export async function setUp(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tillgate-test-'));
  const [postgres, redis] = await Promise.all([startPostgres({ dir, durable: false }), startRedis()]);
  Reflect.set(globalThis, runningKey, async () => {
    await Promise.all([postgres.stop(), 'stop' in redis ? redis.stop() : undefined]);
    rmSync(dir, { recursive: true });
  });
  process.env['TILLGATE_TEST_DATABASE_URL'] = postgres.url;
  if ('url' in redis) process.env['TILLGATE_TEST_REDIS_URL'] = redis.url;
  else process.env['TILLGATE_TEST_REDIS_ABSENT'] = redis.absent;
  await makeTemplate(postgres.url);
}

async function makeTemplate(url: string): Promise<void> {
  const server = new Client(url);
  await server.connect();
  await server.query(`create database ${templateName}`);
  await server.end();
  const template = new URL(url);
  template.pathname = templateName;
  await migrate(template.href);
}

// Jest asks for a default export.
export { setUp as default };
