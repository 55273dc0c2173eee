import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failpoint } from '../flows/deps.ts';

/** Where a client finds the service, and the stand-in PSP's scripts. */
export type Api = { readonly url: string; readonly key: string; readonly stripeUrl: string };

type Json = Readonly<Record<string, unknown>>;
type Reply = { readonly status: number; readonly body: Json };
/** A request as the client sends it, and sends it again. */
type Post = { readonly path: string; readonly key: string; readonly body: Json };

/** Work during which the process dies, and what must be true once another one has taken over. */
export type Crash = {
  readonly failpoint: Failpoint;
  readonly work: string;
  /** Leads up to the failpoint; answers the request that a client would repeat. */
  readonly begin: (api: Api) => Promise<Post>;
  /** Repeats it; answers what is wrong, or null. */
  readonly finish: (api: Api, begun: Post) => Promise<string | null>;
};

const method = { payment_method: 'pm_card_visa' };

function post(path: string, body: Json = {}): Post {
  return { path, key: randomBytes(12).toString('hex'), body };
}

/** Null when nobody answered: the process is dead. */
async function send(api: Api, { path, key, body }: Post): Promise<Reply | null> {
  try {
    const response = await fetch(`${api.url}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${api.key}`,
        'idempotency-key': key,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5_000),
    });
    return { status: response.status, body: (await response.json()) as Json };
  } catch {
    return null;
  }
}

async function must(api: Api, request: Post): Promise<Json> {
  const reply = await send(api, request);
  if (reply === null || reply.status > 299) throw new Error(`${request.path}: ${JSON.stringify(reply)}`);
  return reply.body;
}

/** Looks again until there is something to see; null when time is up. */
export async function until<T>(look: () => Promise<T | null>, ms: number): Promise<T | null> {
  const end = Date.now() + ms;
  while (Date.now() < end) {
    const seen = await look();
    if (seen !== null) return seen;
    await sleep(100);
  }
  return null;
}

async function create(api: Api, captureMode: string): Promise<string> {
  const body = { amount: 1299, currency: 'EUR', capture_mode: captureMode };
  return String((await must(api, post('/v1/checkouts', body)))['id']);
}

async function authorizedOrder(api: Api, captureMode = 'manual'): Promise<string> {
  const checkout = await create(api, captureMode);
  const { order } = await must(api, post(`/v1/checkouts/${checkout}/confirm`, method));
  return (order as { id: string }).id;
}

/** The client sends it again, as long as it hears that the first one is still running. */
async function repeated(api: Api, request: Post): Promise<Reply | null> {
  return until(async () => {
    const reply = await send(api, request);
    return reply === null || reply.status === 409 || reply.status >= 500 ? null : reply;
  }, 10_000);
}

/** A repetition must find this status, and the one after it the same bytes. */
function ends(status: string, ofWhat: 'status' | 'payment') {
  return async (api: Api, begun: Post): Promise<string | null> => {
    const reply = await repeated(api, begun);
    const seen =
      ofWhat === 'status' ? reply?.body['status'] : (reply?.body['payment'] as Json | undefined)?.['status'];
    if (reply?.status !== 200 || seen !== status) return `the retry got ${JSON.stringify(reply)}`;
    const next = await send(api, begun);
    return JSON.stringify(next) === JSON.stringify(reply) ? null : 'the second retry got another answer';
  };
}

/** Stripe turns the payment away; Adyen would take it. */
const elsewhere = {
  payment_methods: {
    stripe: 'pm_sandbox_123_processing_error',
    adyen: {
      type: 'scheme',
      encryptedCardNumber: `sealed_${Buffer.from('4111111111111111').toString('hex')}`,
      encryptedExpiryMonth: 'test_03',
      encryptedExpiryYear: 'test_2030',
      encryptedSecurityCode: 'test_737',
      holderName: 'Ann',
    },
  },
};

const confirmPoints = [
  'confirm.assessed',
  'confirm.recorded',
  'authorize.answered',
  'confirm.concluded',
] as const;
const movementPoints = ['movement.recorded', 'movement.answered', 'movement.concluded'] as const;

/** Sends a request to the process that is about to die of it. */
const dying = (prepare: (api: Api) => Promise<Post>) => async (api: Api) => {
  const request = await prepare(api);
  await send(api, request);
  return request;
};

const confirms = (captureMode: 'automatic' | 'manual') =>
  confirmPoints.map((failpoint): Crash => ({
    failpoint,
    work: `confirm with ${captureMode} capture`,
    begin: dying(async (api) => post(`/v1/checkouts/${await create(api, captureMode)}/confirm`, method)),
    finish: ends('completed', 'status'),
  }));

/** The first account has said no: whoever goes on has to take the payment to the second one. */
const failovers = (['authorize.given_up', 'authorize.moved_on', 'authorize.answered'] as const).map(
  (failpoint): Crash => ({
    failpoint,
    work: 'a failover',
    begin: dying(async (api) => post(`/v1/checkouts/${await create(api, 'automatic')}/confirm`, elsewhere)),
    finish: ends('completed', 'status'),
  }),
);

const movements = (verb: string, captureMode: string, payment: string) =>
  movementPoints.map((failpoint): Crash => ({
    failpoint,
    work: verb,
    begin: dying(async (api) => post(`/v1/orders/${await authorizedOrder(api, captureMode)}/${verb}`)),
    finish: ends(payment, 'payment'),
  }));

async function script(api: Api, path: string, body: Json): Promise<void> {
  await fetch(`${api.stripeUrl}/_sandbox/${path}`, { method: 'POST', body: JSON.stringify(body) });
}

/** The webhook of a payment is the death of whoever stores it; the payment itself may have been answered or not. */
const delivered: Crash = {
  failpoint: 'delivery.stored',
  work: 'a webhook',
  begin: dying(async (api) => post(`/v1/checkouts/${await create(api, 'automatic')}/confirm`, method)),
  finish: ends('completed', 'status'),
};

/** Nobody heard the PSP, and the webhooks are held back, so the settle worker has to ask, and dies of it. */
const settled: Crash = {
  failpoint: 'settle.claimed',
  work: 'settling an outcome nobody heard',
  begin: async (api) => {
    await script(api, 'webhooks', { hold: true });
    const confirm = post(`/v1/checkouts/${await create(api, 'automatic')}/confirm`, {
      payment_method: 'pm_sandbox_timeoutAfterCharge',
    });
    await send(api, confirm);
    return confirm;
  },
  finish: async (api, { path }) => {
    await script(api, 'webhooks', { hold: false, release: true });
    const checkout = path.replace('/confirm', '');
    const done = await until(async () => {
      const response = await fetch(`${api.url}${checkout}`, {
        headers: { authorization: `Bearer ${api.key}` },
      });
      const { status } = (await response.json()) as Json;
      return status === 'completed' ? status : null;
    }, 10_000);
    return done === null ? 'the payment is not settled' : null;
  },
};

/** The first of each failpoint is the one that `--quick` takes. */
export const crashes: readonly Crash[] = [
  ...confirms('automatic'),
  ...confirms('manual'),
  ...failovers,
  ...movements('capture', 'manual', 'captured'),
  ...movements('cancel', 'manual', 'canceled'),
  ...movements('refunds', 'automatic', 'captured'),
  delivered,
  settled,
];
