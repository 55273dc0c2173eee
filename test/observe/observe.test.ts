import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { makeLog, type LogFields } from '../../src/observe/log.ts';
import { makeMetrics, type Metrics } from '../../src/observe/metrics.ts';
import { withoutSecrets } from '../../src/observe/secrecy.ts';
import { childOf, inSpan, toTraceparent, traceFrom, type Span } from '../../src/observe/trace.ts';

describe('the log', () => {
  const lines: string[] = [];
  const log = makeLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } });
  const written = (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;

  test('writes JSON lines with the level, the time, the message and the bound ids', () => {
    log.with({ request_id: 'req_1', merchant_id: 'mer_1' }).info('order captured', { duration_ms: 12 });
    expect(written()).toMatchObject({
      level: 'info',
      message: 'order captured',
      request_id: 'req_1',
      merchant_id: 'mer_1',
      duration_ms: 12,
    });
    expect(written()['at']).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  test('withholds fields that nobody allowed, and says which', () => {
    log.info('made', { route: '/v1/checkouts', email: 'ada@example.com', body: {} } as LogFields);
    expect(written()).toMatchObject({ route: '/v1/checkouts', withheld: ['email', 'body'] });
    expect(lines.at(-1)).not.toContain('ada@');
  });

  test('describes a fault with code, texts and causes, without the secrets in them', () => {
    class Broken extends Error {
      readonly code = 'psp_broken';
      readonly publicText = 'The PSP is away.';
    }
    const fault = new Broken('sent sk_live_abcdefgh12345678 for ada@example.com', {
      cause: new Error('card 4242 4242 4242 4242'),
    });
    log.error('call failed', { error: fault });
    expect(written()['error']).toMatchObject({
      code: 'psp_broken',
      text: 'sent [key] for [e-mail]',
      public_text: 'The PSP is away.',
      cause: { text: 'card [card number]' },
    });
    expect(lines.at(-1)).not.toMatch(/sk_live|ada@|4242/);
  });

  test('survives causes that are a circle, and things thrown that are no errors', () => {
    const circle = new Error('round');
    circle.cause = circle;
    log.error('odd', { error: circle });
    log.error('odd', { error: 'just a text' });
    expect(written()['error']).toMatchObject({ type: 'string', text: 'just a text' });
  });

  test('canaries written into every field are found in no line', () => {
    const canaries = [
      '4111111111111111',
      '5555-5555-5555-4444',
      'canary@example.org',
      'whsec_Y2FuYXJ5Y2FuYXJ5',
      'pi_3Q_secret_abcDEF12345678',
      'Bearer abcdef1234567890',
    ];
    for (const canary of canaries) {
      for (const field of ['reason', 'code', 'url_path', 'address_network'] as const) {
        log.warn(`text ${canary} text`, {
          [field]: `before ${canary} after`,
          error: new Error(`with ${canary}`),
        });
        expect(lines.at(-1)).not.toContain(canary);
      }
    }
  });

  test('our ids, amounts and times are left readable', () => {
    const text =
      'ord_01kas8q0z8e0r9v3k1b2c3d4e5 1767225600000 2026-01-01T00:00:00.000Z 129900 EUR req_01kas8q0z8e0r9v3k1b2c3d4e5';
    expect(withoutSecrets(text)).toBe(text);
  });
});

describe('metrics', () => {
  const opened: Metrics[] = [];
  const make = (): Metrics => {
    const metrics = makeMetrics();
    opened.push(metrics);
    return metrics;
  };
  afterEach(() => opened.splice(0).forEach((metrics) => metrics.close()));

  test('counters, gauges and histograms appear on the page with their labels', async () => {
    const metrics = make();
    metrics.http_request_seconds.observe({ method: 'POST', route: '/v1/checkouts', status: '201' }, 0.004);
    metrics.http_shed_total.add({ class: 'list' }, 3);
    metrics.http_in_flight.set({ class: 'create' }, 7);
    const page = await metrics.page();
    expect(page).toContain(
      'tillgate_http_request_seconds_bucket{le="0.005",method="POST",route="/v1/checkouts",status="201"} 1',
    );
    expect(page).toContain('tillgate_http_shed_total{class="list"} 3');
    expect(page).toContain('tillgate_http_in_flight{class="create"} 7');
    expect(page).toMatch(/tillgate_event_loop_delay_seconds\{quantile="0.99"\} \d/);
    expect(page).toMatch(/tillgate_memory_bytes\{kind="rss"\} \d+/);
  });

  test('two registries do not share numbers', async () => {
    const [one, other] = [make(), make()];
    one.http_shed_total.add({ class: 'list' });
    expect(await other.page()).not.toContain('tillgate_http_shed_total{class="list"}');
  });
});

describe('traces', () => {
  let next = 1;
  const random = (size: number): Uint8Array => new Uint8Array(size).fill(next++ % 256);
  const valid = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  test('a valid traceparent is continued under a new span', () => {
    const trace = traceFrom(valid, random);
    expect(trace).toMatchObject({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      parentId: '00f067aa0ba902b7',
      sampled: true,
    });
    expect(trace.spanId).not.toBe(trace.parentId);
    expect(traceFrom(toTraceparent(trace), random)).toMatchObject({
      traceId: trace.traceId,
      parentId: trace.spanId,
    });
  });

  test('a later version with more parts is continued', () => {
    expect(traceFrom(valid.replace('00-', 'cc-') + '-what', random).traceId).toMatch(/^4bf92f/);
  });

  test.each([
    undefined,
    '',
    valid.toUpperCase(),
    valid + '-00',
    valid.replace('00-', 'ff-'),
    valid.replace('4bf92f3577b34da6a3ce929d0e0e4736', '0'.repeat(32)),
    valid.replace('00f067aa0ba902b7', '0'.repeat(16)),
    valid.slice(0, -1),
    `${valid}, ${valid}`,
  ])('the traceparent %j starts a new trace', (header) => {
    const trace = traceFrom(header, random);
    expect(trace.traceId).not.toMatch(/^4bf92f/);
    expect(trace.parentId).toBeUndefined();
    expect(toTraceparent(trace)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  test('no header makes an invalid trace', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(toTraceparent(traceFrom(header, random))).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
      }),
    );
  });

  test('a child keeps the trace and names its parent; its span is exported even when the step throws', async () => {
    const spans: Span[] = [];
    const trace = traceFrom(valid, random);
    expect(childOf(trace, random)).toMatchObject({ traceId: trace.traceId, parentId: trace.spanId });
    let now = 5;
    const deps = { random, now: () => now++, exportSpan: (span: Span) => void spans.push(span) };
    const failing = inSpan({ trace, name: 'authorise' }, deps, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(spans).toMatchObject([
      { name: 'authorise', startedAtMs: 5, endedAtMs: 6, trace: { parentId: trace.spanId } },
    ]);
  });
});
