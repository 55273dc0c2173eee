import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { freePort } from '../../src/embedded/port.ts';
import { needDebian } from './debian.ts';
import { type Absent, type Service, startServer } from './service.ts';

/** It takes some milliseconds; on a machine that is busy, more. */
const startTimeoutMsMax = 10_000;

/** A real Redis of our own on a free loopback port, in memory only; root installs it when there is none. */
export async function startRedis(more: Readonly<Record<string, string>> = {}): Promise<Service | Absent> {
  const problem = needDebian('redis-server', isInstalled);
  if (problem !== undefined) return { absent: problem };
  const port = await freePort();
  const settings = {
    port,
    bind: '127.0.0.1',
    save: '',
    appendonly: 'no',
    dir: tmpdir(),
    'enable-debug-command': 'local',
    ...more,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const stop = await startServer('redis-server', args, () => answers(port), startTimeoutMsMax);
  return stop === null
    ? { absent: 'redis-server does not start' }
    : { url: `redis://127.0.0.1:${port}`, stop };
}

function isInstalled(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => void socket.write('PING\r\n'));
    socket.once('data', (reply) => {
      resolve(reply.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
  });
}
