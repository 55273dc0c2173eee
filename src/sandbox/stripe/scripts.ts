import { z } from 'zod';
import { json, type Answer } from '../answer.ts';
import { faultSchema } from '../fault-script.ts';
import type { Incoming } from '../http-server.ts';
import type { Books } from './account.ts';
import { ApiError, invalid, missing } from './api-error.ts';
import { authorised } from './authorise.ts';
import { expire } from './captures.ts';
import { closeDispute, openDispute, reportFraud } from './disputes.ts';
import { declines } from './declines.ts';
import { foldLedger } from './ledger.ts';
import type { Charge } from './objects/charge.ts';
import type { PaymentIntent } from './objects/payment-intent.ts';
import { decide } from './pages.ts';
import { failRefund, settleRefund } from './refunds.ts';
import { endpointsFor, signature } from './webhooks.ts';
import { accountIdOf, type World } from './world.ts';

type Script = (world: World, body: unknown, id: string, query: URLSearchParams) => unknown;

/** A script with a schema for its JSON body. */
function script<T>(schema: z.ZodType<T>, act: (world: World, input: T, id: string) => unknown): Script {
  return (world, body, id) => {
    const parsed = schema.safeParse(body);
    if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
    return act(world, parsed.data, id);
  };
}

/** Opens the books of whoever owns the object, and makes the change lasting. */
function on<K extends 'charge' | 'refund' | 'dispute' | 'payment_intent', T>(
  kind: K,
  schema: z.ZodType<T>,
  act: (books: Books, object: ReturnType<Books['find']> & { object: K }, input: T) => unknown,
): Script {
  return script(schema, (world, input, id) => {
    const { account, object } = world.owner(kind, id);
    const books = world.open(account, { requestId: null, key: null });
    const result = act(books, object as ReturnType<Books['find']> & { object: K }, input);
    world.commit(books);
    return result;
  });
}

const nothing = z.strictObject({});
/** One fault or a list of them. */
const faults = z.preprocess((given) => [given].flat(), z.array(faultSchema));

const scripts: Readonly<Record<string, Script>> = {
  'POST faults': script(faults, (world, given) => {
    for (const fault of given) world.faults.add(fault);
    return { faults: world.faults.list() };
  }),
  'GET faults': (world) => ({ faults: world.faults.list() }),
  'DELETE faults': (world) => {
    world.faults.clear();
    return { faults: [] };
  },

  'POST charges/:id/dispute': on(
    'charge',
    z.strictObject({
      reason: z.string().default('fraudulent'),
      status: z.enum(['needs_response', 'warning_needs_response']).default('needs_response'),
      amount: z.int().min(1).optional(),
    }),
    (books, charge, { reason, status, amount }) => openDispute(books, charge, reason, status, amount),
  ),
  'POST charges/:id/early_fraud_warning': on(
    'charge',
    z.strictObject({ fraud_type: z.string().default('made_with_stolen_card') }),
    (books, charge, { fraud_type }) => reportFraud(books, charge, fraud_type),
  ),
  'POST disputes/:id/close': on(
    'dispute',
    z.strictObject({ status: z.enum(['won', 'lost', 'warning_closed', 'charge_refunded']) }),
    (books, dispute, { status }) => closeDispute(books, dispute, status),
  ),
  'POST refunds/:id/fail': on(
    'refund',
    z.strictObject({ reason: z.string().default('expired_or_canceled_card') }),
    (books, refund, { reason }) => failRefund(books, refund, reason),
  ),
  'POST refunds/:id/settle': on('refund', nothing, (books, refund) => settleRefund(books, refund)),
  'POST payment_intents/:id/expire': on('payment_intent', nothing, (books, intent) => expire(books, intent)),
  'POST payment_intents/:id/settle': on(
    'payment_intent',
    z.strictObject({ outcome: z.enum(['succeeded', 'failed']).default('succeeded') }),
    (books, intent, { outcome }) => settle(books, intent, outcome === 'succeeded'),
  ),
  'POST payment_intents/:id/authenticate': script(authentication(), (world, { result }, id) => {
    const { object } = world.owner('payment_intent', id);
    return decide(world, mustWait(object), result === 'succeeded');
  }),
  'POST setup_intents/:id/authenticate': script(authentication(), (world, { result }, id) => {
    const { object } = world.owner('setup_intent', id);
    return decide(world, mustWait(object), result === 'succeeded');
  }),

  'POST webhooks': script(
    z.strictObject({
      hold: z.boolean().optional(),
      copies: z.int().min(0).max(100).optional(),
      /** Sends what was held, in order. */
      release: z.boolean().default(false),
    }),
    ({ webhooks }, { hold, copies, release }) => {
      webhooks.mode.hold = hold ?? webhooks.mode.hold;
      webhooks.mode.copies = copies ?? webhooks.mode.copies;
      const kept = release ? webhooks.held.splice(0) : [];
      for (const { account, event } of kept) webhooks.deliver(account, event);
      return { ...webhooks.mode, held: webhooks.held.length, released: kept.length };
    },
  ),
  'GET events': (world) => ({
    events: world.webhooks.held.map(({ account, event }) => {
      const payload = JSON.stringify(event);
      return {
        id: event.id,
        type: event.type,
        account: account.id,
        payload,
        deliveries: endpointsFor(account, event).map(({ url, secret }) => ({
          url,
          header: signature(secret, payload, world.now()),
        })),
      };
    }),
  }),
  'DELETE events': ({ webhooks }) => ({ dropped: webhooks.held.splice(0).length }),
  'POST events/:id/deliver': script(
    z.strictObject({ copies: z.int().min(1).max(100).default(1) }),
    (world, { copies }, id) => {
      const { account, event } = findEvent(world, id);
      const held = world.webhooks.held.findIndex((each) => each.event.id === id);
      if (held >= 0) world.webhooks.held.splice(held, 1);
      for (let copy = 0; copy < copies; copy += 1) world.webhooks.deliver(account, event);
      return { id, copies };
    },
  ),
  'POST events/:id/sign': script(
    z.strictObject({ secret: z.string().optional(), timestamp: z.int().optional() }),
    (world, { secret, timestamp }, id) => {
      const { account, event } = findEvent(world, id);
      const payload = JSON.stringify(event);
      const key = secret ?? endpointsFor(account, event)[0]?.secret;
      if (key === undefined) throw invalid('No endpoint listens to this event; give a secret.');
      return { payload, header: signature(key, payload, timestamp ?? world.now()) };
    },
  ),
};

/** `/_sandbox/…`: what a test may do to the world, without a key. */
export function answerScript(world: World, incoming: Incoming): Answer {
  const query = new URLSearchParams(incoming.query);
  const [, , name = '', id, action] = incoming.path.split('/');
  if (incoming.method === 'GET' && name === 'ledger') return ledgerAnswer(world, query);
  const pattern =
    `${incoming.method} ${name}` +
    (id === undefined ? '' : '/:id') +
    (action === undefined ? '' : `/${action}`);
  const act = scripts[pattern];
  if (act === undefined) throw new ApiError(404, invalid(`The stand-in has no script ${pattern}.`).body);
  let body: unknown;
  try {
    body = incoming.body === '' ? {} : JSON.parse(incoming.body);
  } catch {
    throw invalid('The body of a script is JSON.');
  }
  return json(200, act(world, body, id ?? '', query));
}

/** The money truth as NDJSON, one payment a line; of one account with `key` or `account`, else of all. */
function ledgerAnswer(world: World, query: URLSearchParams): Answer {
  const key = query.get('key');
  const wanted = key === null ? query.get('account') : accountIdOf(key);
  const lines: string[] = [];
  for (const account of world.accounts.values()) {
    if (wanted !== null && wanted !== account.id) continue;
    const metadataOf = (id: string) => account.tables.payment_intent.get(id)?.metadata ?? {};
    for (const line of foldLedger(account.id, account.movements, metadataOf))
      lines.push(`${JSON.stringify(line)}\n`);
  }
  return { status: 200, headers: { 'content-type': 'application/x-ndjson' }, body: lines.join('') };
}

function authentication() {
  return z.strictObject({ result: z.enum(['succeeded', 'failed']).default('succeeded') });
}

function mustWait<T extends { readonly status: string }>(intent: T): T {
  if (intent.status !== 'requires_action') throw invalid(`This intent is ${intent.status}.`);
  return intent;
}

/** A payment that was `processing` comes to its end. */
function settle(books: Books, intent: PaymentIntent, succeeded: boolean): PaymentIntent {
  if (intent.status !== 'processing' || intent.latest_charge === null)
    throw invalid(`This intent is ${intent.status}.`);
  const pending = books.find('charge', intent.latest_charge);
  if (succeeded)
    return authorised(books, intent, books.put<Charge>({ ...pending, status: 'succeeded', paid: true }));
  const failed = books.put<Charge>({ ...pending, status: 'failed', failure_code: 'card_declined' });
  books.move('decline', failed, failed.amount);
  const after = books.put<PaymentIntent>({
    ...intent,
    status: 'requires_payment_method',
    payment_method: null,
    last_payment_error: { type: 'card_error', charge: failed.id, ...declines.generic_decline },
  });
  books.emit('charge.failed', failed);
  books.emit('payment_intent.payment_failed', after);
  return after;
}

function findEvent(world: World, id: string) {
  for (const account of world.accounts.values()) {
    const event = account.events.findLast((each) => each.id === id);
    if (event !== undefined) return { account, event };
  }
  throw missing('event', id);
}
