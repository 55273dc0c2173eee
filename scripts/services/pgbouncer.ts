import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../src/embedded/port.ts';
import { needDebian } from './debian.ts';
import { type Absent, listens, startServer } from './service.ts';

const startTimeoutMsMax = 10_000;

/** `through` leads to a database of the server by way of the pooler. From 1.21 on it brings the names of statements along. */
export type PgBouncer = {
  readonly bringsNames: boolean;
  readonly through: (databaseUrl: string) => string;
  readonly stop: () => Promise<void>;
};

/** A real PgBouncer in transaction mode, with `poolSize` connections to each database of the server; root installs it. */
export async function startPgBouncer(serverUrl: string, poolSize: number): Promise<PgBouncer | Absent> {
  const problem = needDebian('pgbouncer', () => version() !== null);
  if (problem !== undefined) return { absent: problem };
  const [major = 0, minor = 0] = version() ?? [];
  const bringsNames = major > 1 || minor >= 21;
  const { hostname, port: serverPort, username, password } = new URL(serverUrl);
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'tillgate-pgbouncer-'));
  const file = join(dir, 'pgbouncer.ini');
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: 'transaction',
    default_pool_size: poolSize,
    // It refuses to run as root; others it leaves as they are.
    ...(process.getuid?.() === 0 && { user: 'nobody' }),
    ...(bringsNames && { max_prepared_statements: 1_000 }),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  const server = `* = host=${hostname} port=${serverPort} user=${username} password=${password}`;
  writeFileSync(file, `[databases]\n${server}\n[pgbouncer]\n${lines.join('')}`, { mode: 0o600 });
  const stop = await startServer('pgbouncer', ['--quiet', file], () => listens(port), startTimeoutMsMax);
  if (stop === null) return { absent: 'pgbouncer does not start' };
  return {
    bringsNames,
    through: (databaseUrl) => {
      const url = new URL(databaseUrl);
      url.port = String(port);
      return url.href;
    },
    stop: async () => {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function version(): number[] | null {
  const [, major, minor] =
    /PgBouncer (\d+)\.(\d+)/.exec(String(spawnSync('pgbouncer', ['--version']).stdout)) ?? [];
  return major === undefined ? null : [Number(major), Number(minor)];
}
