import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Holds a folder for this process until released or until the process ends, however it ends.
 *
 * A listening local socket says "somebody is alive here" without the guesswork of a process id in a file. On Linux
 * its name is abstract, so nothing is left behind; elsewhere it is a file, which is stale when nobody answers.
 */
export async function claim(dir: string): Promise<() => void> {
  const name = `tillgate-${createHash('sha256').update(dir).digest('hex').slice(0, 24)}`;
  const path = process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`);
  const server = createServer((socket) => socket.destroy()).unref();
  if (!(await listens(server, path))) {
    if (await answers(path)) throw new FolderInUse(dir);
    if (process.platform !== 'linux') rmSync(path, { force: true });
    if (!(await listens(server, path))) throw new FolderInUse(dir);
  }
  return () => server.close();
}

export class FolderInUse extends Error {
  override readonly name = 'FolderInUse';

  constructor(dir: string) {
    super(`${dir} is in use by another running process`);
  }
}

function listens(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    };
    server.once('error', failed);
    server.listen(path, () => {
      server.off('error', failed);
      resolve(true);
    });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
