import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startRedis } from '../../scripts/services/redis.ts';
import { startPostgres } from '../../src/embedded/postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import { databaseVariable, templateName } from './database.ts';
import { runningKey } from './teardown.ts';

/**
 * Starts what wired tests need and tells the workers by the environment, which they inherit. Each worker has a PostgreSQL of
 * its own: events wait for every older transaction of their server, and making a database for somebody else is a long one.
 */
export async function setUp({ maxWorkers }: { readonly maxWorkers: number }): Promise<void> {
  const dirs = Array.from({ length: maxWorkers }, () => mkdtempSync(join(tmpdir(), 'tillgate-test-')));
  const [redis, ...servers] = await Promise.all([
    startRedis(),
    ...dirs.map((dir) => startPostgres({ dir, durable: false })),
  ]);
  Reflect.set(globalThis, runningKey, async () => {
    await Promise.all([...servers.map(({ stop }) => stop()), 'stop' in redis ? redis.stop() : undefined]);
    for (const dir of dirs) rmSync(dir, { recursive: true });
  });
  for (const [at, { url }] of servers.entries()) process.env[databaseVariable(at + 1)] = url;
  if ('url' in redis) process.env['TILLGATE_TEST_REDIS_URL'] = redis.url;
  else process.env['TILLGATE_TEST_REDIS_ABSENT'] = redis.absent;
  await Promise.all(servers.map(({ url }) => makeTemplate(url)));
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
