import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, type Server as Listener, createServer } from 'node:net';

/**
 * Node accepts one connection of a listening socket each time its loop comes round, and an overloaded process comes round
 * every 20 to 100 ms: a thousand buyers who came at once were let in one by one, for 17 s. Sixteen sockets on one port
 * give sixteen each time.
 */
const socketsPerPort = 16;

/** Where the kernel spreads connections over sockets that share a port; elsewhere there is one. */
const isShareable = process.platform === 'linux';

/**
 * Listens on a port, and says on which: 0 asks for any, and has one socket, because sockets that share a port would also
 * share it with a stranger that was given the same. Answers what was opened beside the server itself. Throws what the
 * system says when the port is taken.
 */
export async function listen(
  server: Server,
  port: number,
  host: string,
): Promise<{ readonly port: number; readonly besides: readonly Listener[] }> {
  if (port === 0 || !isShareable) {
    server.listen(port, host);
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, besides: [] };
  }
  // A socket that shares would not notice that another process has the port.
  const probe = createServer().listen(port, host);
  await once(probe, 'listening');
  probe.close();
  await once(probe, 'close');
  const besides = Array.from({ length: socketsPerPort - 1 }, () =>
    // As node:http sets its own sockets up.
    createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket)),
  );
  await Promise.all(
    [server, ...besides].map((each) => {
      each.listen({ port, host, reusePort: true });
      return once(each, 'listening');
    }),
  );
  return { port, besides };
}
