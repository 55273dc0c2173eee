import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../src/embedded/postgres.ts';
import { migrate } from '../../src/store/migrate.ts';

/** Tried where nobody sees it. */
export const hasSmallDisk = run('unshare', '-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir());

export const hasStrace = run('strace', '-f', '-e', 'trace=none', 'true');

export type OwnPostgres = Awaited<ReturnType<typeof openPostgres>>;

/** Room for the server and what the tests write: its log is kept small. */
const diskMb = 256;

/** A PostgreSQL that a test may mistreat, durable, and on a small disk of its own where we may mount one. */
export async function openPostgres() {
  const dir = mkdtempSync(join(tmpdir(), 'tillgate-postgres-'));
  if (hasSmallDisk) run('mount', '-t', 'tmpfs', '-o', `size=${diskMb}m`, 'tmpfs', dir);
  // Root's database server runs as another user, who has to pass.
  chmodSync(dir, 0o755);
  const settings = { max_connections: '30', min_wal_size: '32MB', max_wal_size: '32MB' };
  const start = (port = 0) => startPostgres({ dir: join(dir, 'server'), port, settings });
  let server = await start();
  await migrate(server.url);
  const balloon = join(dir, 'balloon');
  const postmaster = (): number =>
    Number(readFileSync(join(server.home, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
  const signal = (name: NodeJS.Signals): void => {
    const pid = postmaster();
    for (const each of [pid, ...childrenOf(pid)]) process.kill(each, name);
  };

  return {
    url: server.url,
    log: (): string => readFileSync(join(server.home, 'log'), 'utf8'),
    processes: (): readonly number[] => childrenOf(postmaster()),
    /** An immediate stop: no session ends in order, nothing is flushed. */
    kill: async (): Promise<void> => {
      process.kill(postmaster(), 'SIGQUIT');
      await server.stop();
    },
    start: async (): Promise<void> => {
      server = await start(server.port);
    },
    freeze: (): void => signal('SIGSTOP'),
    thaw: (): void => signal('SIGCONT'),
    /** Takes all that is left of the disk. */
    fill: (): void => {
      const file = openSync(balloon, 'w');
      try {
        for (let size = 1 << 20; size >= 1; size >>= 1) while (wrote(file, size));
      } finally {
        closeSync(file);
      }
    },
    free: (): void => rmSync(balloon),
    close: async (): Promise<void> => {
      await server.stop();
      if (hasSmallDisk) run('umount', dir);
      rmSync(dir, { recursive: true });
    },
  };
}

function wrote(file: number, size: number): boolean {
  try {
    writeSync(file, Buffer.alloc(size));
    fsyncSync(file);
    return true;
  } catch {
    return false;
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

/** The second field after the name, which stands in brackets and may hold anything. */
function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

function run(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/** From now on the disk fails under these processes: what they wrote may or may not be there. */
export async function failSync(pids: readonly number[]): Promise<void> {
  const calls = 'fsync,fdatasync';
  const args = ['-e', `trace=${calls}`, '-e', `inject=${calls}:error=EIO`, '-o', '/dev/null'];
  const tracer = spawn('strace', [...pids.flatMap((pid) => ['-p', String(pid)]), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  tracer.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const ended = once(tracer, 'exit');
  // A line for each: attached, or gone meanwhile.
  while (said.split('\n').length <= pids.length && tracer.exitCode === null)
    await Promise.race([once(tracer.stderr, 'data'), ended]);
}
