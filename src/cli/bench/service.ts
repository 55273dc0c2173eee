import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../embedded/port.ts';
import { startPostgres } from '../../embedded/postgres.ts';
import { postmasterOf } from './processes.ts';

/** A whole installation of its own, started the way a user starts it. */
export type OwnService = {
  readonly api: string;
  readonly admin: string;
  readonly secretKey: string;
  readonly pid: number;
  /** The postmaster of its PostgreSQL. */
  readonly postgresPid: number;
  readonly databaseUrl: string;
  readonly stop: () => Promise<void>;
};

/** Starts it on a fresh database and free ports, and removes everything afterwards. */
export async function startOwnService(env: Readonly<Record<string, string>> = {}): Promise<OwnService> {
  const data = await mkdtemp(join(tmpdir(), 'tillgate-bench-'));
  const postgres = await startPostgres({ dir: join(data, 'postgres') });
  const start = fileURLToPath(new URL('../start.ts', import.meta.url));
  const child = spawn(process.execPath, [start, '--json', '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      PORT: String(await freePort()),
      ADMIN_PORT: String(await freePort()),
      DATABASE_URL: postgres.url,
      LOG_LEVEL: 'error',
      ...env,
    },
  });
  const { api, admin, secret_key } = await readyLine(child);
  return {
    api,
    admin,
    secretKey: secret_key,
    pid: child.pid ?? 0,
    postgresPid: postmasterOf(postgres),
    databaseUrl: postgres.url,
    stop: async () => {
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      await exited;
      await postgres.stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}

type Ready = { api: string; admin: string; secret_key: string };

function readyLine(child: ChildProcess): Promise<Ready> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) =>
      reject(new Error(`the service ended with ${String(code)} before it was ready`)),
    );
    if (child.stdout === null) throw new Error('the service has no output');
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line) as Ready));
  });
}
