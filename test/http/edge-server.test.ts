import { afterEach, describe, expect, test } from '@jest/globals';
import type { RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { apiBytesMax, readBody } from '../../src/http/edge/body.ts';
import { apiHeaders } from '../../src/http/edge/headers.ts';
import { freePort } from '../../src/embedded/port.ts';
import { createHttpServer, type HttpServer, type ServerLimits } from '../../src/http/edge/server.ts';
import { problemOf, problemSender } from '../../src/http/problem.ts';

const sendProblem = problemSender({ docsUrl: 'https://docs.example', headers: apiHeaders() });
const opened: HttpServer[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((http) => http.close(0)));
});

/** Echoes the length of the body, or answers with the problem. */
const echo: RequestListener = (request, response) => {
  void readBody(request, { bytesMax: apiBytesMax }).then((read) => {
    if (!read.ok) sendProblem(response, problemOf(read), 'req_test');
    else response.end(String(read.bytes.length));
  });
};

async function serve(
  handler: RequestListener,
  limits: Partial<ServerLimits> = {},
): Promise<{ http: HttpServer; port: number }> {
  const http = createHttpServer(handler, { checkIntervalMs: 50, ...limits });
  opened.push(http);
  return { http, port: await http.listen(0, '127.0.0.1') };
}

/** Sends the bytes and gives back everything that came until the server closed the connection. */
function talk(port: number, ...parts: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk.toString()));
    socket.on('close', () => resolve(heard));
    socket.on('error', () => undefined);
    for (const part of parts) socket.write(part);
  });
}

const post = (headers: Record<string, string>, body: string | Buffer): (string | Buffer)[] => [
  `POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n` +
    Object.entries({ 'content-length': String(body.length), ...headers })
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('') +
    '\r\n',
  body,
];
const json = { 'content-type': 'application/json' };
const statusOf = (answer: string): string => answer.split(' ')[1] ?? 'none';

describe('reading a body', () => {
  test('the bytes arrive as they were sent, in one chunk or in many', async () => {
    const { port } = await serve(echo);
    expect(await talk(port, ...post(json, '{"a":1}'))).toMatch(/\r\n\r\n7$/);
    const chunked =
      'POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json; charset=UTF-8\r\n' +
      'transfer-encoding: chunked\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n';
    expect(await talk(port, chunked)).toMatch(/\r\n\r\n7$/);
  });

  test.each([
    ['text/plain', { 'content-type': 'text/plain' }, '{}', '415', 'content_type_refused'],
    ['no content type', {}, '{}', '415', 'content_type_refused'],
    [
      'another charset',
      { 'content-type': 'application/json; charset=latin1' },
      '{}',
      '415',
      'content_type_refused',
    ],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'a=1', '415', 'content_type_refused'],
    ['a look-alike type', { 'content-type': 'application/jsonp' }, '{}', '415', 'content_type_refused'],
    ['an empty body', json, '', '400', 'body_required'],
    ['one byte too many', json, ' '.repeat(apiBytesMax + 1), '413', 'body_too_large'],
  ])('%s is refused', async (_name, headers, body, status, code) => {
    const { port } = await serve(echo);
    const answer = await talk(port, ...post(headers, body));
    expect(statusOf(answer)).toBe(status);
    expect(answer).toContain(`"code":"${code}"`);
    expect(answer).toContain('content-type: application/problem+json');
  });

  test('a gzip bomb is refused before a byte of it is unpacked [F8.9]', async () => {
    const { port } = await serve(echo);
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const answer = await talk(port, ...post({ ...json, 'content-encoding': 'gzip' }, bomb));
    expect(answer).toContain('"code":"content_encoding_refused"');
  });

  test('exactly 32 kB pass', async () => {
    const { port } = await serve(echo);
    expect(await talk(port, ...post(json, ' '.repeat(apiBytesMax)))).toMatch(/\r\n\r\n32768$/);
  });

  test('100 MB announced are answered at once, and the upload is cut off [F8.7]', async () => {
    const { port } = await serve(echo);
    const answer = await talk(
      port,
      ...post({ ...json, 'content-length': '100000000' }, Buffer.alloc(70_000)),
    );
    expect(statusOf(answer)).toBe('413');
    expect(answer).toMatch(/connection: close/i);
  });

  test('an endless chunked body is cut off at the limit', async () => {
    let seen = 0;
    const { port } = await serve((request, response) => {
      request.on('data', (chunk: Buffer) => (seen += chunk.length));
      echo(request, response);
    });
    const head =
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
    const chunk = Buffer.from(`4000\r\n${'a'.repeat(0x4000)}\r\n`);
    await talk(port, head, ...Array.from({ length: 200 }, () => chunk));
    expect(seen).toBeLessThan(1_000_000);
  });

  test('a client that hangs up in mid-body is a refusal, not a fault', async () => {
    const refused = new Promise<unknown>((resolve) => {
      void serve((request) => {
        void readBody(request, { bytesMax: 100 }).then(resolve);
      }).then(({ port }) => {
        const socket = connect(port, '127.0.0.1');
        socket.write(
          'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"a"',
        );
        setTimeout(() => socket.destroy(), 50);
      });
    });
    expect(await refused).toMatchObject({ ok: false, code: 'body_incomplete' });
  });
});

describe('requests that two servers could read differently', () => {
  const smuggled: Record<string, string> = {
    'both content-length and transfer-encoding':
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'two content-lengths': 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
    'a bare line feed in the head': 'GET / HTTP/1.1\nhost: x\n\n',
    'a space before the colon': 'GET / HTTP/1.1\r\nhost: x\r\ncontent-length : 5\r\n\r\nhello',
    'a folded header': 'GET / HTTP/1.1\r\nhost: x\r\nx-a: 1\r\n b: 2\r\n\r\n',
    'an unknown transfer coding':
      'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n',
    'a negative length': 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n',
    'a chunk size with a trailing sign':
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2;\n\r\n{}\r\n0\r\n\r\n',
    'no host': 'GET / HTTP/1.1\r\n\r\n',
    'NUL in a header': 'GET / HTTP/1.1\r\nhost: x\r\nx-a: a\0b\r\n\r\n',
  };
  test.each(Object.keys(smuggled))('%s: answered 400 and closed', async (name) => {
    const { port } = await serve(echo, { requestTimeoutMs: 500, headersTimeoutMs: 500 });
    expect(statusOf(await talk(port, smuggled[name] ?? ''))).toBe('400');
  });

  test.each([
    [
      'HTTP/2 in clear text',
      'GET / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n',
    ],
    ['a WebSocket', 'GET / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n'],
  ])('who asks to go on in %s is cut off, and what follows is not read', async (_, head) => {
    let heard = 0;
    const { port } = await serve((_request, response) => {
      heard += 1;
      response.end();
    });
    expect(await talk(port, `${head}GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n`)).toBe('');
    expect(heard).toBe(0);
  });

  test('who begins with HTTP/2 is answered 400 and closed', async () => {
    const { port } = await serve(echo);
    expect(statusOf(await talk(port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))).toBe('400');
  });

  test('a head that is too large is answered 431', async () => {
    const { port } = await serve(echo);
    expect(
      statusOf(await talk(port, `GET / HTTP/1.1\r\nhost: x\r\nx-a: ${'a'.repeat(20_000)}\r\n\r\n`)),
    ).toBe('431');
  });
});

describe('clients that take their time', () => {
  const hurried = { headersTimeoutMs: 200, requestTimeoutMs: 300 };

  test('a head that never ends is answered 408 and closed', async () => {
    const { port } = await serve(echo, hurried);
    expect(statusOf(await talk(port, 'GET / HTTP/1.1\r\nhost: x\r\nx-'))).toBe('408');
  });

  test('a body that never comes is answered 408 and closed', async () => {
    const { port } = await serve(echo, hurried);
    const head = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{';
    expect(statusOf(await talk(port, head))).toBe('408');
  });

  test('a connection that never says anything is closed', async () => {
    const { port } = await serve(echo, hurried);
    await expect(talk(port)).resolves.toBeDefined();
  });

  test('an answer that nobody reads is cut off', async () => {
    const cut = new Promise<boolean>((resolve) => {
      void serve(
        (_request, response) => {
          response.on('close', () => resolve(response.writableFinished));
          response.end(Buffer.alloc(64_000_000));
        },
        { flushTimeoutMs: 200 },
      ).then(({ port }) => {
        const socket = connect(port, '127.0.0.1');
        socket.pause();
        socket.on('error', () => undefined);
        socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      });
    });
    expect(await cut).toBe(false);
  });

  test('a stream whose reader is a megabyte behind is cut off, long before its time is over', async () => {
    const cut = new Promise<boolean>((resolve) => {
      void serve((_request, response) => {
        response.on('close', () => resolve(response.writableEnded));
        response.write(Buffer.alloc(64_000_000));
      }).then(({ port }) => {
        const socket = connect(port, '127.0.0.1').pause();
        socket.on('error', () => undefined);
        socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      });
    });
    expect(await cut).toBe(false);
  });

  test('a long answer comes whole to a reader that is late', async () => {
    const { port } = await serve((_request, response) => response.end(Buffer.alloc(64_000_000)));
    const socket = connect(port, '127.0.0.1').pause();
    socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 500));
    let bytes = 0;
    for await (const chunk of socket as AsyncIterable<Buffer>) bytes += chunk.length;
    expect(bytes).toBeGreaterThan(64_000_000);
  });

  test('connections beyond the cap are closed and the others served', async () => {
    const { port } = await serve(echo, { connectionsMax: 2 });
    const held: Socket[] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    await Promise.all(held.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    expect(await talk(port, ...post(json, '{}'))).toBe('');
    held.forEach((socket) => socket.destroy());
  });
});

const onLinux = process.platform === 'linux' ? describe : describe.skip;
onLinux('a port that is named', () => {
  async function listenAt(port: number): Promise<HttpServer> {
    const http = createHttpServer(echo);
    opened.push(http);
    await http.listen(port, '127.0.0.1');
    return http;
  }

  test('lets many in each time the loop comes round', async () => {
    const port = await freePort();
    const http = await listenAt(port);
    let accepted = 0;
    http.server.on('connection', () => (accepted += 1));
    const sockets = Array.from({ length: 64 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    let turns = 0;
    while (accepted < sockets.length) {
      const before = accepted;
      const until = performance.now() + 5;
      while (performance.now() < until);
      await new Promise((resolve) => setImmediate(resolve));
      if (accepted > before) turns += 1;
    }
    // A single socket would take 64.
    expect(turns).toBeLessThan(40);
    sockets.forEach((socket) => socket.destroy());
  });

  test('is refused to a second server, and free again after the first', async () => {
    const port = await freePort();
    const first = await listenAt(port);
    await expect(listenAt(port)).rejects.toThrow('EADDRINUSE');
    expect(await first.close(0)).toBe(0);
    await listenAt(port);
    expect(await talk(port, ...post(json, '{}'))).toMatch(/\r\n\r\n2$/);
  });
});

describe('closing gracefully', () => {
  test('ten requests in flight are answered, told to close, and none is cut off', async () => {
    const waiting: (() => void)[] = [];
    const { http, port } = await serve((_request, response) => {
      waiting.push(() => response.end('done'));
    });
    const answers = Promise.all(
      Array.from({ length: 10 }, () => talk(port, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n')),
    );
    while (waiting.length < 10) await new Promise((resolve) => setTimeout(resolve, 5));
    const closed = http.close(10_000);
    waiting.forEach((answer) => answer());
    for (const answer of await answers) {
      expect(answer).toMatch(/connection: close/i);
      expect(answer).toContain('done');
    }
    expect(await closed).toBe(0);
  });

  test('a request that does not end is cut off at the deadline and counted', async () => {
    const { http, port } = await serve(() => undefined);
    const answer = talk(port, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    while (http.inFlight() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await http.close(50)).toBe(1);
    expect(await answer).toBe('');
  });
});

test('answers carry the security headers and do not say what made them', async () => {
  const { port } = await serve(echo);
  const answer = await talk(port, ...post({}, '{}'));
  expect(answer).toContain(
    "content-security-policy: default-src 'none';base-uri 'none';frame-ancestors 'none'",
  );
  expect(answer).toContain('strict-transport-security: max-age=63072000');
  expect(answer).toContain('x-content-type-options: nosniff');
  expect(answer).toContain('referrer-policy: no-referrer');
  expect(answer).not.toMatch(/x-powered-by|server:/i);
});
