import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { z } from 'zod';
import { secondMs, toRfc3339 } from '../../kernel/instant.ts';
import type { PastOrder } from '../../risk/replay/orders.ts';

/** How one order ended, and how long the shop waited for it. */
export type Driven = {
  readonly orderId: string;
  /** `refused`: the API takes no such checkout (an amount of zero). `failed`: an answer that nobody promised. */
  readonly end: 'captured' | 'reviewed' | 'blocked' | 'declined' | 'refused' | 'failed';
  /** What it was that failed. */
  readonly fault?: string;
  /** The buyer had to prove who they are on the way. */
  readonly challenged: boolean;
  readonly capturedMinor: number;
  /** From the first request to the last answer; null when a challenge was in between. */
  readonly ms: number | null;
};

export type Shop = {
  readonly drive: (order: PastOrder) => Promise<Driven>;
  readonly get: (path: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
};

const checkoutReply = z.object({
  id: z.string(),
  status: z.string(),
  order: z.object({ id: z.string(), status: z.string() }).nullable(),
  next_action: z.object({ kind: z.string(), url: z.string().optional() }).nullable(),
  assessment: z.object({ decision: z.string() }).nullable(),
});
const orderReply = z.object({
  id: z.string(),
  status: z.string(),
  payment: z.object({ captured: z.number() }),
});

/** A shop that is told to come again does so with the same key, for about a minute of a busy service. */
const triesMax = 60;

/** A shop that sends its orders through the API as it would have when they were made. */
export function openReplayedShop(api: string, secretKey: string, connections: number): Shop {
  const pool = new Pool(api, { connections });
  const authorization = `Bearer ${secretKey}`;

  const ask = async (
    method: 'GET' | 'POST',
    path: string,
    key?: string,
    body?: object,
    triesLeft = triesMax,
  ): Promise<unknown> => {
    const reply = await pool.request({
      method,
      path,
      headers: {
        authorization,
        ...(key !== undefined && { 'idempotency-key': key }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await reply.body.text();
    if ((reply.statusCode === 503 || reply.statusCode === 429) && triesLeft > 0) {
      await sleep(Number(reply.headers['retry-after'] ?? 1) * secondMs);
      return ask(method, path, key, body, triesLeft - 1);
    }
    if (reply.statusCode > 299) throw new Error(`${method} ${path} answered ${reply.statusCode}: ${text}`);
    return JSON.parse(text);
  };

  const drive = async (order: PastOrder): Promise<Driven> => {
    const began = performance.now();
    const post = (path: string, step: string, body: object): Promise<unknown> =>
      ask('POST', path, `replay-${order.orderId}-${step}`, body);
    const driven = { orderId: order.orderId, challenged: false, capturedMinor: 0, ms: null };
    if (order.signals.order?.total.amount === 0n) return { ...driven, end: 'refused' };
    const created = checkoutReply.parse(await post('/v1/checkouts', 'create', toWireCheckout(order)));
    const path = `/v1/checkouts/${created.id}`;
    let checkout = checkoutReply.parse(
      await post(`${path}/confirm`, 'confirm', {
        payment_method: `pm_sandbox_${cardDigits(order.customerId)}`,
        signals: { occurred_at: toRfc3339(order.at) },
      }),
    );
    const decision = checkout.assessment?.decision;
    const challenged = checkout.status === 'requires_action';
    if (challenged) {
      await completeChallenge(checkout.next_action?.url ?? '');
      checkout = checkoutReply.parse(await ask('GET', path));
    }
    driven.challenged = challenged;
    if (decision === 'block') return { ...driven, end: 'blocked' };
    if (checkout.order?.status === 'held') return { ...driven, end: 'reviewed' };
    if (checkout.status === 'open') return { ...driven, end: 'declined' };
    if (checkout.order?.status !== 'authorized')
      throw new Error(`${order.orderId} ended ${checkout.status}, ${String(checkout.order?.status)}`);
    const paid = orderReply.parse(await post(`/v1/orders/${checkout.order.id}/capture`, 'capture', {}));
    if (paid.status !== 'captured')
      throw new Error(`${order.orderId} was to be captured and is ${paid.status}`);
    const ms = challenged ? null : performance.now() - began;
    return { ...driven, end: 'captured', capturedMinor: paid.payment.captured, ms };
  };

  const driveSafely = (order: PastOrder): Promise<Driven> =>
    drive(order).catch((error: unknown) => ({
      orderId: order.orderId,
      end: 'failed',
      fault: String(error),
      challenged: false,
      capturedMinor: 0,
      ms: null,
    }));
  return { drive: driveSafely, get: (path) => ask('GET', path), close: () => pool.close() };
}

function toWireCheckout({ orderId, customerId, signals }: PastOrder): object {
  const { total } = signals.order ?? {};
  const { country, state, postalCode } = signals.billing ?? {};
  return {
    amount: Number(total?.amount),
    currency: total?.currency,
    capture_mode: 'manual',
    customer: { reference: customerId, ...(signals.email !== undefined && { email: signals.email }) },
    billing_address: { country, state, postal_code: postalCode },
    metadata: { order: orderId },
  };
}

/** Each customer has one card of their own. Twelve digits: thirteen may look like a card number, and are refused. */
function cardDigits(customerId: string): string {
  return String(createHash('sha256').update(customerId).digest().readUIntBE(0, 6) % 1e12);
}

/** Does on the stand-in's page what a buyer would, and goes where it sends the browser: back to the service. */
async function completeChallenge(url: string): Promise<void> {
  const page = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ result: 'succeeded' }),
  });
  const back = page.headers.get('location');
  if (back === null) throw new Error(`the challenge page answered ${page.status} and sends nobody back`);
  const landed = await fetch(back, { redirect: 'manual' });
  if (landed.status >= 400) throw new Error(`the return page answered ${landed.status}`);
  await landed.text();
}
