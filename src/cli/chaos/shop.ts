import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

type Json = Readonly<Record<string, unknown>>;
type Reply = { readonly status: number; readonly body: Json };

/** What the shop was told with a 2xx, and may rely on for ever. */
export type Acknowledged = { readonly checkout: string; readonly payment: 'authorized' | 'captured' };

/** A shop whose every request is repeated with its key until it is answered, as the API asks its clients to. */
export type Shop = {
  /** A buyer's whole visit; null when the payment was declined. */
  readonly sell: () => Promise<Acknowledged | null>;
  readonly look: (checkout: string) => Promise<Reply>;
  /** The longest that a request which met a dead service waited for its answer, from its first try. */
  readonly waitedMsMax: () => number;
};

const oftenMs = 50;
/** A death and a start take seconds; who waits longer than this will not be answered. */
const patienceMs = 60_000;

/** How the PSP behaves for one buyer: well for most. */
const methods = [
  ...Array<string>(12).fill('pm_card_visa'),
  'pm_card_chargeDeclined',
  'pm_sandbox_timeoutAfterCharge',
  'pm_sandbox_errorAfterCharge',
  'pm_sandbox_resetAfterCharge',
];

export function openShop(api: string, secretKey: string): Shop {
  let waitedMsMax = 0;
  const headers = { authorization: `Bearer ${secretKey}`, 'content-type': 'application/json' };

  const once = async (path: string, init: RequestInit): Promise<Reply | null> => {
    try {
      const response = await fetch(`${api}${path}`, { ...init, signal: AbortSignal.timeout(5_000) });
      return { status: response.status, body: (await response.json()) as Json };
    } catch {
      return null;
    }
  };

  /** Until somebody answers: not "come back" (409, 429), not a fault, not silence. */
  const answered = async (path: string, init: RequestInit): Promise<Reply> => {
    const began = performance.now();
    let interrupted = false;
    while (performance.now() - began < patienceMs) {
      const reply = await once(path, init);
      if (reply !== null && reply.status < 500 && reply.status !== 409 && reply.status !== 429) {
        if (interrupted) waitedMsMax = Math.max(waitedMsMax, performance.now() - began);
        return reply;
      }
      interrupted ||= reply === null;
      await sleep(oftenMs);
    }
    throw new Error(`nobody answered ${path} for ${patienceMs / 1000} s`);
  };

  const post = (path: string, body: Json): Promise<Reply> => {
    const key = randomBytes(12).toString('hex');
    return answered(path, {
      method: 'POST',
      headers: { ...headers, 'idempotency-key': key },
      body: JSON.stringify(body),
    });
  };
  const look = (checkout: string) => answered(`/v1/checkouts/${checkout}`, { headers });

  /** An outcome that nobody heard is found out in a while. */
  const concluded = async (checkout: string, first: Json): Promise<Json> => {
    const end = performance.now() + patienceMs;
    let seen = first;
    while (seen['status'] === 'processing' && performance.now() < end) {
      await sleep(oftenMs);
      seen = (await look(checkout)).body;
    }
    return seen;
  };

  return {
    look,
    waitedMsMax: () => waitedMsMax,
    sell: async () => {
      const created = await post('/v1/checkouts', {
        amount: 500 + Math.floor(Math.random() * 9_500),
        currency: 'EUR',
        capture_mode: 'manual',
      });
      if (created.status !== 201) throw new Error(JSON.stringify(created));
      const checkout = String(created.body['id']);
      const method = methods[Math.floor(Math.random() * methods.length)];
      const confirmed = await post(`/v1/checkouts/${checkout}/confirm`, { payment_method: method });
      const paid = await concluded(checkout, confirmed.body);
      if (paid['status'] !== 'completed') return null;
      const order = paid['order'] as { id: string };
      if (Math.random() < 0.2) return { checkout, payment: 'authorized' };
      const captured = await post(`/v1/orders/${order.id}/capture`, {});
      if (captured.status !== 200) throw new Error(JSON.stringify(captured));
      const { status } = captured.body['payment'] as { status: string };
      return { checkout, payment: status === 'captured' ? 'captured' : 'authorized' };
    },
  };
}
