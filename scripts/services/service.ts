import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { watch } from '../../src/embedded/watchdog.ts';

/** A real server that a test run or a bench needs, started for it and stopped with it. */
export type Service = { readonly url: string; readonly stop: () => Promise<void> };

/** Why there is none: shown with the name of every suite that is skipped for it. */
export type Absent = { readonly absent: string };

/**
 * Starts a server that ends with us, and waits until it is up. Answers how to stop it, at once: nothing it holds is worth an
 * orderly end. Null when it ended or was not up in time.
 */
export async function startServer(
  command: string,
  args: readonly string[],
  isUp: () => Promise<boolean>,
  timeoutMs: number,
): Promise<(() => Promise<void>) | null> {
  const server = spawn(command, args, { detached: true, stdio: 'ignore' });
  server.unref();
  const exited = once(server, 'exit');
  watch(server);
  const until = Date.now() + timeoutMs;
  while (!(await isUp())) {
    if (server.exitCode !== null || Date.now() > until) {
      server.kill('SIGKILL');
      return null;
    }
    await sleep(20);
  }
  return async () => {
    // Nothing else may be left to keep this process waiting.
    server.ref();
    server.kill('SIGKILL');
    await exited;
  };
}

/** Whether somebody listens on a loopback port. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
  });
}
