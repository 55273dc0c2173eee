import { spawn, type ChildProcess } from 'node:child_process';
import { identity, type Account } from './account.ts';

/**
 * Stops a server of ours when this process dies, even by SIGKILL: a shell waits on a pipe whose other end only we
 * hold, and interrupts the server when the pipe closes. Both run in their own sessions, so that a Ctrl-C in the
 * terminal reaches us alone and we can drain before the server goes.
 */
export function watch(server: ChildProcess, account?: Account): void {
  const watchdog = spawn('/bin/sh', ['-c', 'read -r _; kill -INT "$0" 2>/dev/null', String(server.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    ...(account && identity(account)),
  });
  watchdog.on('error', () => server.kill('SIGINT'));
  watchdog.unref();
  server.once('exit', () => watchdog.kill('SIGKILL'));
}
