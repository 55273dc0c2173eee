import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Server as Listener, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { listen } from './listen.ts';

export type ServerLimits = {
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly checkIntervalMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly flushTimeoutMs: number;
  readonly unsentBytesMax: number;
  readonly sentBytesTrusted: number;
  readonly connectionsMax: number;
  readonly headerBytesMax: number;
  readonly requestsPerConnectionMax: number;
};

export const serverLimits: ServerLimits = {
  // A whole head fits into one packet; ten seconds forgive a bad mobile connection, not a slowloris.
  headersTimeoutMs: 10_000,
  // Head and body together; with the interval of the check every slow request is gone after 15 s. 32 kB is then a modem.
  requestTimeoutMs: 12_000,
  // Node looks for late requests every 30 s by default, so that a limit of 10 s would mean up to 40. It cuts all that it finds
  // off at once, at 0.4 ms each: with a second between, 300 that had come together held the others up for 120 ms.
  checkIntervalMs: 100,
  // Load balancers keep their side for 60 s: ours must last longer, or they send into a closing connection.
  keepAliveTimeoutMs: 65_000,
  // How long a client may take to fetch an answer that is ready.
  flushTimeoutMs: 11_000,
  // An event stream whose reader is this far behind is cut off; it resumes from its cursor.
  unsentBytesMax: 1_048_576,
  // What the kernel takes off our hands at once. It takes a megabyte too, and nobody tells us whether the client reads it: a
  // connection that is silent after an answer longer than this is reset when the time for fetching it is over.
  sentBytesTrusted: 65_536,
  // About 30 kB each; the process dies of file descriptors or memory well above this.
  connectionsMax: 8_192,
  // Ten times what a browser sends to us.
  headerBytesMax: 16_384,
  // Spreads long-lived connections over new processes after a deployment.
  requestsPerConnectionMax: 100_000,
};

export type HttpServer = {
  readonly server: Server;
  /** Answers the port; throws when it is taken. */
  readonly listen: (port: number, host: string) => Promise<number>;
  readonly inFlight: () => number;
  /**
   * Stops gracefully: no new connections, idle ones closed, answers in flight finished and told `connection: close`.
   * After `deadlineMs` the rest is cut off. Resolves to the number of requests that were cut off.
   */
  readonly close: (deadlineMs: number) => Promise<number>;
};

/** A node:http server with limits on everything that a client could draw out. */
export function createHttpServer(
  handler: RequestListener,
  overrides: Partial<ServerLimits> = {},
): HttpServer {
  const limits = { ...serverLimits, ...overrides };
  const open = new Set<ServerResponse>();
  const waitingSince = new WeakMap<ServerResponse, number>();
  /** Connections that were sent a long answer: when, and how much had been read from them by then. */
  const delivering = new Map<Socket, { readonly since: number; readonly bytesRead: number }>();
  let draining = false;

  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.checkIntervalMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      maxHeaderSize: limits.headerBytesMax,
      insecureHTTPParser: false,
      requireHostHeader: true,
      rejectNonStandardBodyWrites: true,
      joinDuplicateHeaders: false,
    },
    (request, response) => {
      open.add(response);
      const { socket } = request;
      const written = socket.bytesWritten;
      response.once('finish', () => {
        if (socket.bytesWritten - written > limits.sentBytesTrusted)
          delivering.set(socket, { since: performance.now(), bytesRead: socket.bytesRead });
      });
      response.once('close', () => {
        open.delete(response);
        if (draining) server.closeIdleConnections();
      });
      if (draining) response.shouldKeepAlive = false;
      handler(request, response);
    },
  );
  let held = 0;
  let besides: readonly Listener[] = [];
  // Not by `maxConnections`, which each of the sockets that share a port would count for itself.
  server.on('connection', (socket: Socket) => {
    held += 1;
    socket.once('close', () => (held -= 1));
    if (held > limits.connectionsMax) socket.destroy();
  });
  server.maxRequestsPerSocket = limits.requestsPerConnectionMax;
  server.on('clientError', refuseConnection);
  // 100-continue invites the body before anybody has looked at the head, and we look at the head first anyway.
  server.on('checkContinue', (request, response) => {
    response.writeContinue();
    server.emit('request', request, response);
  });
  server.on('upgrade', (_request, socket: Duplex) => socket.destroy());

  const sweep = setInterval(() => {
    const now = performance.now();
    for (const response of open) {
      if (!response.writableEnded && response.writableLength > limits.unsentBytesMax) cutOff(response);
      // Ours is done, or waits for the client to take what is there: files and event streams are written bit by bit.
      if (!response.writableEnded && !response.writableNeedDrain) {
        waitingSince.delete(response);
        continue;
      }
      const since = waitingSince.get(response) ?? now;
      waitingSince.set(response, since);
      if (now - since >= limits.flushTimeoutMs) cutOff(response);
    }
    for (const [socket, { since, bytesRead }] of delivering) {
      const isLate = now - since >= limits.flushTimeoutMs;
      if (!isLate && !socket.destroyed && socket.bytesRead === bytesRead) continue;
      delivering.delete(socket);
      if (isLate && socket.bytesRead === bytesRead) socket.resetAndDestroy();
    }
  }, limits.checkIntervalMs);
  sweep.unref();

  return {
    server,
    listen: async (port, host) => {
      const opened = await listen(server, port, host);
      besides = opened.besides;
      return opened.port;
    },
    inFlight: () => open.size,
    close: async (deadlineMs) => {
      draining = true;
      for (const response of open) response.shouldKeepAlive = false;
      let cut = 0;
      const late = setTimeout(() => {
        cut = open.size;
        server.closeAllConnections();
      }, deadlineMs);
      await Promise.all(
        [server, ...besides].map((each) => new Promise<void>((resolve) => void each.close(() => resolve()))),
      );
      clearTimeout(late);
      clearInterval(sweep);
      return cut;
    },
  };
}

/** Resets the connection: what is merely closed stays with the kernel until the client has taken the rest. */
function cutOff(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
  response.destroy();
}

const status: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Content Too Large',
};

/** Answers what is not HTTP, or came too slowly, with the bare status, and closes: it is not ours to interpret. */
function refuseConnection(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const line = status[error.code ?? ''] ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${line}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`, () => socket.destroy());
}
