import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type TestService, startTestService } from '../harness/service.ts';

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService();
});
afterAll(() => shop.close());

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const callers = `00-${traceId}-00f067aa0ba902b7-01`;

/** The traces of a purchase's events, those of the confirm first. */
async function tracesOf(headers: Record<string, string>): Promise<string[]> {
  const { body: checkout } = await shop.call('POST', '/v1/checkouts', {
    body: { amount: 1299, currency: 'EUR' },
  });
  const id = checkout['id'] as string;
  const body = { payment_method: 'pm_card_visa' };
  await shop.call('POST', `/v1/checkouts/${id}/confirm`, { body, headers });
  const rows = await shop.query(
    `select traceparent from events where payload->>'checkoutId' = '${id}' order by position`,
  );
  return rows.map(({ traceparent }) => String(traceparent));
}

test('events go on with the trace of the request that caused them', async () => {
  const traces = await tracesOf({ traceparent: callers });
  expect(traces).toHaveLength(3);
  for (const trace of traces) expect(trace).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  expect(traces).not.toContain(callers);
});

test.each([[undefined], ['00-00000000000000000000000000000000-00f067aa0ba902b7-01'], ['nonsense']])(
  'a request with the trace %s begins one, for all its events',
  async (given) => {
    const traces = await tracesOf(given === undefined ? {} : { traceparent: given });
    expect(traces).toHaveLength(3);
    expect(new Set(traces).size).toBe(1);
    expect(traces[0]).toMatch(/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/);
  },
);
