import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { send, type Answer } from './answer.ts';
import { play, type Fault } from './fault-script.ts';

/** A request read to its end. `path` is without the query; `query` is without its question mark. */
export type Incoming = {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** Sends the answer, spoilt by the fault when one is given. Called at most once per request. */
export type Reply = (answer: Answer, fault?: Fault) => void;

export type Listener = { readonly url: string; readonly port: number; close(): Promise<void> };

/** A card form or a modification is a few kilobytes; more than this is an accident. */
const bodyBytesMax = 1_048_576;

/** Listens on loopback. Port 0 takes a free one; the answer says which. */
export async function startServer(
  port: number,
  answer: (incoming: Incoming, reply: Reply) => void,
): Promise<Listener> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bodyBytesMax) request.destroy();
      else chunks.push(chunk);
    });
    request.on('end', () => {
      const target = request.url ?? '/';
      const mark = target.indexOf('?');
      const incoming: Incoming = {
        method: request.method ?? 'GET',
        path: mark < 0 ? target : target.slice(0, mark),
        query: mark < 0 ? '' : target.slice(mark + 1),
        headers: request.headers,
        body: chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString(),
      };
      answer(incoming, (given, fault) => {
        if (fault === undefined) send(response, given);
        else play(response, given, fault);
      });
    });
  });
  // Callers pool connections: closing them after Node's 5 s would race with their next request.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
