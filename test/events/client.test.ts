import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { Event } from '../../src/domain/events/event.ts';
import { toEnvelope } from '../../src/domain/events/envelope.ts';
import {
  type ReceivedEvent,
  consumer,
  kpis,
  memoryLedger,
  orders,
  project,
  readEvent,
  toBytes,
} from '../../src/events/client/client.ts';
import { type Currency, money } from '../../src/kernel/money.ts';
import { newId } from './outbox.ts';

const merchantId = newId('mer');

/** An order's life: created, declined once, captured, refunded in part. */
function life(amount: bigint): ReceivedEvent[] {
  return envelopes(amount).map(readEvent);
}

function envelopes(amount: bigint): string[] {
  const orderId = newId('ord');
  const euros = (minor: bigint) => money(minor, 'EUR' as Currency);
  const data = { orderId, checkoutId: newId('chk'), total: euros(amount) };
  const facts = [
    { type: 'order.created', data },
    {
      type: 'payment.declined',
      data: { ...data, attemptId: newId('att'), code: 'do_not_honor', advice: 'transient' },
    },
    { type: 'order.captured', data: { ...data, captured: euros(amount) } },
    {
      type: 'payment.refunded',
      data: { ...data, movementId: newId('mov'), amount: euros(amount / 2n), reason: 'other' },
    },
  ] as const;
  return facts.map((fact, nth) => {
    const event: Event = {
      id: newId('evt'),
      merchantId,
      at: Date.UTC(2026, 2, 1, 9, nth),
      aggregate: { type: 'order', id: orderId },
      sequence: nth + 1,
      ...fact,
    };
    return JSON.stringify(toEnvelope(event));
  });
}

test('copies are dropped, and what comes early waits for what is missing', async () => {
  const [first, second, third] = life(1000n) as [ReceivedEvent, ReceivedEvent, ReceivedEvent];
  const applied: number[] = [];
  const { receive, gaps } = consumer(memoryLedger(), ({ sequence }) => {
    applied.push(sequence);
    return Promise.resolve();
  });
  expect(await receive(first)).toMatchObject({ consumed: 'applied' });
  const gap = { source: first.source, subject: first.subject, missing: [2] };
  expect(await receive(third)).toEqual({ consumed: 'early', gap });
  expect(gaps()).toEqual([gap]);
  expect(await receive(third)).toEqual({ consumed: 'copy' });
  expect(await receive(first)).toEqual({ consumed: 'copy' });
  expect(await receive(second)).toEqual({ consumed: 'applied', events: [second, third] });
  expect(gaps()).toEqual([]);
  expect(applied).toEqual([1, 2, 3]);
});

test('a gap is gone over when its caller says so, and not before', async () => {
  const [first, second, third, fourth] = life(1000n) as [
    ReceivedEvent,
    ReceivedEvent,
    ReceivedEvent,
    ReceivedEvent,
  ];
  const { receive, gaps, skip } = consumer(memoryLedger(), () => Promise.resolve());
  await receive(second);
  await receive(fourth);
  const [gap] = gaps();
  expect(gap?.missing).toEqual([1, 3]);
  await receive(third);
  expect(await skip(gap!)).toEqual([second, third, fourth]);
  expect(gaps()).toEqual([]);
  expect(await skip(gap!)).toEqual([]);
  expect(await receive(first)).toEqual({ consumed: 'copy' });
});

test('no more early events are kept than was said, and those that were not kept are taken again', async () => {
  const lives = [life(1000n), life(2000n), life(3000n)] as [ReceivedEvent, ReceivedEvent][];
  const { receive, gaps, skip } = consumer(memoryLedger(), () => Promise.resolve(), { earlyMax: 2 });
  const said = [];
  for (const [, second] of lives) said.push((await receive(second)).consumed);
  expect(said).toEqual(['early', 'early', 'full']);
  expect(gaps()).toHaveLength(2);
  const [[first, second], , [, refused]] = lives as [
    [ReceivedEvent, ReceivedEvent],
    unknown,
    [unknown, ReceivedEvent],
  ];
  expect(await receive(first)).toEqual({ consumed: 'applied', events: [first, second] });
  expect(await receive(refused)).toMatchObject({ consumed: 'early', gap: { missing: [1] } });
  expect(await skip(gaps()[1]!)).toEqual([refused]);
});

test('an event that could not be applied is applied when it comes again', async () => {
  const [first] = life(1000n) as [ReceivedEvent];
  let broken = true;
  const { receive } = consumer(memoryLedger(), () =>
    broken ? Promise.reject(new Error('away')) : Promise.resolve(),
  );
  await expect(receive(first)).rejects.toThrow('away');
  broken = false;
  expect(await receive(first)).toMatchObject({ consumed: 'applied' });
});

test('ten copies at once are applied once', async () => {
  const [first] = life(1000n) as [ReceivedEvent];
  let times = 0;
  const { receive } = consumer(memoryLedger(), async () => {
    await Promise.resolve();
    times += 1;
  });
  await Promise.all(Array.from({ length: 10 }, () => receive(first)));
  expect(times).toBe(1);
});

test('projections rebuilt from events are byte for byte those that grew from shuffled copies of them', async () => {
  const lives = Array.from({ length: 12 }, (_, nth) => life(BigInt(1000 + nth)));
  const all = lives.flat();
  const rebuilt = [toBytes(project(orders, all)), toBytes(project(kpis, all))];
  const shuffled = fc.shuffledSubarray([...all, ...all], {
    minLength: all.length * 2,
    maxLength: all.length * 2,
  });
  await fc.assert(
    fc.asyncProperty(shuffled, async (arriving) => {
      let grown = { orders: orders.empty, kpis: kpis.empty };
      const { receive } = consumer(memoryLedger(), (event) => {
        grown = { orders: orders.apply(grown.orders, event), kpis: kpis.apply(grown.kpis, event) };
        return Promise.resolve();
      });
      for (const event of arriving) await receive(event);
      expect([toBytes(grown.orders), toBytes(grown.kpis)]).toEqual(rebuilt);
    }),
    { numRuns: 50 },
  );
});

test('the read models say what happened', () => {
  const events = life(1001n);
  expect(Object.values(project(orders, events))).toEqual([
    {
      status: 'captured',
      currency: 'EUR',
      total: 1001,
      captured: 1001,
      refunded: 500,
      declines: 1,
      changedAt: '2026-03-01T09:03:00.000Z',
    },
  ]);
  expect(project(kpis, events)).toEqual({
    '2026-03-01 EUR': {
      orders: 1,
      captured: 1,
      revenue: 1001,
      declined: 1,
      refunds: 1,
      refunded: 500,
      disputes: 0,
    },
  });
});

test('what is no event of ours is refused', () => {
  expect(() => readEvent('{"specversion":"1.0","id":"1","source":"/x","type":"y"}')).toThrow(TypeError);
  expect(() => readEvent('{}')).toThrow();
});

test('the consumer of the documentation does what is said of it', () => {
  const page = readFileSync(new URL('../../docs/events/README.md', import.meta.url), 'utf8');
  const [, shown = ''] = /```js\n([^]*?)```/.exec(page) ?? [];
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const [first, second, third] = envelopes(1000n);
  const script = `import { Webhook } from 'standardwebhooks';
    ${shown}
    const secret = ${JSON.stringify(secret)};
    const said = [];
    for (const body of ${JSON.stringify([first, third, third, second])}) {
      const at = new Date();
      const headers = {
        'webhook-id': JSON.parse(body).id,
        'webhook-timestamp': String(Math.floor(at / 1000)),
        'webhook-signature': new Webhook(secret).sign(JSON.parse(body).id, at, body),
      };
      const { model, missing } = await onWebhook(body, headers, [secret]);
      said.push([Object.values(model)[0].status, missing.flatMap((gap) => gap.missing)]);
      const forged = await onWebhook(body + ' ', headers, [secret]).catch((error) => error.message);
      if (forged !== 'no secret verifies the webhook') throw new Error('a forged one was taken');
    }
    console.log(JSON.stringify(said));`;
  const out = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  expect(JSON.parse(out)).toEqual([
    ['pending', []],
    ['pending', [2]],
    ['pending', [2]],
    ['captured', []],
  ]);
});
