import { createServer } from 'node:net';

/** Whether nothing listens on this loopback port; for port 0, a port that is free at this moment. */
export function freePort(wanted = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE' ? new Error(`port ${wanted} on 127.0.0.1 is taken`, { cause }) : cause,
      );
    });
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : wanted;
      server.close(() => resolve(port));
    });
  });
}
