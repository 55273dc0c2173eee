import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { reachable, type Account } from '../../src/embedded/account.ts';
import { FolderInUse } from '../../src/embedded/claim.ts';
import { runningPostgres, startPostgres } from '../../src/embedded/postgres.ts';

/** The unprivileged user that every Linux has: `nobody`. */
const nobody: Account = { uid: 65_534, gid: 65_534 };
const script = fileURLToPath(new URL('run-postgres.ts', import.meta.url));
const isRoot = process.getuid?.() === 0;
const root = mkdtempSync(join(tmpdir(), 'tillgate-embedded-'));
chmodSync(root, 0o755);
afterAll(() => rmSync(root, { recursive: true }));

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(root, 'dir-'));
});

async function ask(url: string, text: string): Promise<unknown> {
  const client = new Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ answer: unknown }>(text);
    return rows[0]?.answer;
  } finally {
    await client.end();
  }
}

/** The server started by another process, and the line that process printed: the url, or why there is none. */
async function startElsewhere(account?: Account): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(process.execPath, [script, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...account,
  });
  for await (const line of createInterface(child.stdout)) return { child, line };
  throw new Error('the other process printed nothing');
}

describe('the embedded PostgreSQL', () => {
  it('finds at its second start what the first stored', async () => {
    const first = await startPostgres({ dir });
    await ask(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    const second = await startPostgres({ dir });
    expect(await ask(second.url, 'select answer from kept')).toBe(42);
    await second.stop();
  });

  it('is found by other processes while it runs, and not before or after', async () => {
    expect(runningPostgres(join(dir, 'none'))).toBeNull();
    const { url, stop } = await startPostgres({ dir });
    expect(runningPostgres(dir)).toBe(url);
    await stop();
    expect(runningPostgres(dir)).toBeNull();
  });

  it('commits durably unless told otherwise, and on loopback only', async () => {
    const { url, stop } = await startPostgres({ dir, settings: { max_connections: '20' } });
    const settings = [
      'fsync',
      'synchronous_commit',
      'full_page_writes',
      'listen_addresses',
      'max_connections',
    ];
    const values = await Promise.all(
      settings.map((name) => ask(url, `select current_setting('${name}') as answer`)),
    );
    expect(values).toEqual(['on', 'on', 'on', '127.0.0.1', '20']);
    await stop();
  });

  it('lets nobody in without the password, which only its owner can read', async () => {
    const { url, stop } = await startPostgres({ dir });
    const open = new URL(url);
    open.password = 'guess';
    await expect(ask(open.href, 'select 1 as answer')).rejects.toThrow(/password authentication failed/);
    expect(statSync(join(dir, 'password')).mode & 0o777).toBe(0o600);
    await stop();
  });

  it('ends open sessions when it stops, and stops twice without complaint', async () => {
    const { url, stop } = await startPostgres({ dir });
    const client = new Client(url);
    await client.connect();
    const problems: string[] = [];
    client.on('error', ({ message }) => problems.push(message));
    await stop();
    await stop();
    expect(problems).toContain('terminating connection due to administrator command');
    await expect(ask(url, 'select 1 as answer')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('refuses a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(startPostgres({ dir, port })).rejects.toThrow(`port ${port} on 127.0.0.1 is taken`);
    server.close();
    const started = await startPostgres({ dir, port });
    expect(started.port).toBe(port);
    await started.stop();
  });

  it('refuses a folder that another running process uses, and leaves that process alone', async () => {
    const { child, line } = await startElsewhere();
    await expect(startPostgres({ dir })).rejects.toThrow(FolderInUse);
    expect(await ask(line, 'select 1 as answer')).toBe(1);
    child.kill('SIGTERM');
    await once(child, 'exit');
  });

  it('says with the log of the server why it does not start', async () => {
    const failing = startPostgres({ dir, settings: { no_such_setting: '1' } });
    await expect(failing).rejects.toThrow(/unrecognized configuration parameter "no_such_setting"/);
  });
});

describe('after a kill', () => {
  it('of its parent, the server stops by itself and the next start finds the data', async () => {
    const { child, line } = await startElsewhere();
    await ask(line, 'create table kept as select 42 as answer');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const second = await startPostgres({ dir });
    await expect(ask(line, 'select 1 as answer')).rejects.toThrow(/ECONNREFUSED/);
    expect(await ask(second.url, 'select answer from kept')).toBe(42);
    await second.stop();
  });

  it('of the server, its stale process id may belong to a stranger, who is left alone', async () => {
    const { child } = await startElsewhere();
    const status = join(dir, 'data/postmaster.pid');
    const [pid, ...rest] = readFileSync(status, 'utf8').split('\n');
    process.kill(Number(pid), 'SIGKILL');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const stranger = spawn('sleep', ['60']);
    writeFileSync(status, [stranger.pid, ...rest].join('\n'));
    const second = await startPostgres({ dir });
    expect(await ask(second.url, 'select 1 as answer')).toBe(1);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    await second.stop();
    stranger.kill();
  });
});

const describeAsRoot = isRoot ? describe : describe.skip;

describeAsRoot(isRoot ? 'as root' : 'as root (this is not root)', () => {
  it('the server runs as another user', async () => {
    const { stop } = await startPostgres({ dir });
    expect(statSync(join(dir, 'data')).uid).not.toBe(0);
    await stop();
  });

  it('a folder that the other user may not enter gets a stand-in', async () => {
    const closed = join(dir, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const { url, home, stop } = await startPostgres({ dir: join(closed, 'postgres') });
    expect(home).toMatch(/^\/var\/lib\/tillgate\/[0-9a-f]{16}$/);
    expect(await ask(url, "select current_setting('data_directory') as answer")).toBe(join(home, 'data'));
    await stop();
    rmSync(home, { recursive: true });
  });

  const isOpen = [dirname(script), process.execPath].every((path) => reachable(path, nobody));
  const itAsNobody = isOpen ? it : it.skip;
  itAsNobody('data that an unprivileged user made is served again (where that user may enter)', async () => {
    chownSync(dir, nobody.uid, nobody.gid);
    const { child, line } = await startElsewhere(nobody);
    await ask(line, 'create table kept as select 42 as answer');
    child.kill('SIGTERM');
    await once(child, 'exit');
    const { url, stop } = await startPostgres({ dir });
    expect(await ask(url, 'select answer from kept')).toBe(42);
    expect(statSync(join(dir, 'data')).uid).toBe(nobody.uid);
    await stop();
  });
});
