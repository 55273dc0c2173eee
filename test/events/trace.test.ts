import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type TestService, eventually, startTestService } from '../harness/service.ts';

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService({ webhooks: true });
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

type Told = { type: string; traceparent: string; tracelink: string | null };
const toldOf = async (checkout: string) =>
  (await shop.query(
    `select type, traceparent, tracelink from events where aggregateid = 'ord_${checkout.slice(4)}' order by sequence`,
  )) as Told[];

/** A checkout that is confirmed with this token, in the caller's trace. */
async function confirmed(token: string): Promise<string> {
  const { body } = await shop.call('POST', '/v1/checkouts', { body: { amount: 1299, currency: 'EUR' } });
  const id = body['id'] as string;
  await shop.call('POST', `/v1/checkouts/${id}/confirm`, {
    body: { payment_method: token },
    headers: { traceparent: callers },
  });
  return id;
}

const traceOf = (traceparent: string | null | undefined) => traceparent?.split('-')[1];

test('what a webhook of the PSP concludes has a trace of its own, linked to the last request about the order', async () => {
  const id = await confirmed('pm_sandbox_77_settles_later');
  const begun = await toldOf(id);
  expect(begun.map(({ type, tracelink }) => [type, tracelink])).toEqual([
    ['order.created', null],
    ['payment.pending', null],
  ]);
  const [line] = await shop.query(`select psp_reference from attempts where checkout_id = '${id}'`);
  await shop.script('POST', `payment_intents/${String(line?.['psp_reference'])}/settle`, {
    outcome: 'succeeded',
  });
  const captured = await eventually(async () =>
    (await toldOf(id)).find(({ type }) => type === 'order.captured'),
  );
  expect(captured.tracelink).toBe(begun.at(-1)?.traceparent);
  expect(traceOf(captured.tracelink)).toBe(traceId);
  expect(traceOf(captured.traceparent)).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  expect(traceOf(captured.traceparent)).not.toBe(traceId);

  // The next request is the last one from then on, though webhooks spoke in between.
  const second = `00-${'ab'.repeat(16)}-00f067aa0ba902b7-01`;
  await shop.call('POST', `/v1/orders/ord_${id.slice(4)}/refunds`, {
    body: { amount: 300, currency: 'EUR' },
    headers: { traceparent: second },
  });
  const refunded = (await toldOf(id)).find(({ type }) => type === 'payment.refunded');
  expect([traceOf(refunded?.traceparent), refunded?.tracelink]).toEqual(['ab'.repeat(16), null]);
});

test('so has what a worker finds out later', async () => {
  await shop.fault({ match: { method: 'POST', path: '/v1/payment_intents' }, when: 'before', do: 'reset' });
  const id = await confirmed('pm_card_visa');
  await shop.noFaults();
  const events = await eventually(async () => {
    const told = await toldOf(id);
    return told.some(({ type }) => type === 'order.captured') && told;
  });
  const [, pending, captured] = events;
  expect(pending).toMatchObject({ type: 'payment.pending', tracelink: null });
  expect(captured?.tracelink).toBe(pending?.traceparent);
  expect(traceOf(captured?.traceparent)).not.toBe(traceId);
});
