import { missing } from './api-error.ts';
import type { Movement } from './ledger.ts';
import { kinds, type Kind, type Objects, type StripeObject } from './objects/objects.ts';

/** `data.object` is the object as it was: objects are never changed in place. */
export type StripeEvent = {
  readonly id: string;
  readonly object: 'event';
  readonly api_version: string;
  readonly created: number;
  readonly data: { readonly object: StripeObject };
  readonly livemode: false;
  readonly pending_webhooks: number;
  readonly request: { readonly id: string | null; readonly idempotency_key: string | null };
  readonly type: string;
};

/** The first answer that a key got, and what it was asked. */
export type StoredReply = {
  readonly print: string;
  /** The id of the request that was executed. */
  readonly request: string;
  /** Seconds since 1970. */
  readonly at: number;
  readonly status: number;
  readonly value: unknown;
};

/** One secret key's whole world. Nothing in it can be seen with another key. */
export type Account = {
  readonly id: string;
  readonly tables: { readonly [K in Kind]: Map<string, Objects[K]> };
  /** Ids in order of creation, for lists. */
  readonly order: { readonly [K in Kind]: string[] };
  readonly replies: Map<string, StoredReply>;
  readonly inFlight: Set<string>;
  readonly movements: Movement[];
  readonly events: StripeEvent[];
};

export function newAccount(id: string): Account {
  return {
    id,
    tables: byKind(() => new Map()),
    order: byKind(() => []),
    replies: new Map(),
    inFlight: new Set(),
    movements: [],
    events: [],
  };
}

function byKind<T extends Record<Kind, unknown>>(make: () => T[Kind]): T {
  return Object.fromEntries(kinds.map((kind) => [kind, make()])) as T;
}

/** In the file, a reply that shows an object of the same line names it instead of repeating it. */
export type FiledReply = Omit<StoredReply, 'value'> &
  ({ readonly value: unknown } | { readonly shows: string; readonly expand: readonly string[] });

/** What one request, click or script changed: written to the file as one line, so that it is whole or absent. */
export type Change = {
  readonly account: string;
  readonly objects: StripeObject[];
  readonly movements: Movement[];
  reply?: { readonly key: string } & FiledReply;
};

export function applyChange(account: Account, change: Change): void {
  for (const object of change.objects) store(account, object);
  for (const movement of change.movements) account.movements.push(movement);
}

function store(account: Account, object: StripeObject): void {
  const table = account.tables[object.object] as Map<string, StripeObject>;
  if (!table.has(object.id)) account.order[object.object].push(object.id);
  table.set(object.id, object);
}

/** An account opened for one request. Everything in it is synchronous: a request is done before the next one starts. */
export type Books = {
  readonly account: Account;
  readonly change: Change;
  readonly events: StripeEvent[];
  /** Seconds since 1970. */
  readonly now: number;
  newId(prefix: string): string;
  get<K extends Kind>(kind: K, id: string): Objects[K] | undefined;
  /** The object, or the 404 that Stripe answers. */
  find<K extends Kind>(kind: K, id: string, param?: string): Objects[K];
  put<T extends StripeObject>(object: T): T;
  move(
    kind: Movement['kind'],
    charge: { id: string; payment_intent: string; currency: string },
    amount: number,
  ): void;
  emit(type: string, object: StripeObject): void;
  /** The page on which the buyer authenticates this intent. */
  pageUrl(intent: string): string;
};

type Opening = {
  readonly nowSeconds: number;
  readonly apiVersion: string;
  readonly baseUrl: string;
  readonly requestId: string | null;
  readonly key: string | null;
  readonly newId: (prefix: string) => string;
};

/** Events an account remembers for its list; older ones are forgotten, so that a long run does not fill the memory. */
const eventsMax = 20_000;

export function openBooks(account: Account, opening: Opening): Books {
  const change: Change = { account: account.id, objects: [], movements: [] };
  const events: StripeEvent[] = [];
  const get: Books['get'] = (kind, id) => account.tables[kind].get(id);
  return {
    account,
    change,
    events,
    now: opening.nowSeconds,
    newId: opening.newId,
    get,
    find: (kind, id, param) => {
      const found = get(kind, id);
      if (found === undefined) throw missing(kind.replace('radar.', '').replaceAll('_', ' '), id, param);
      return found;
    },
    put: (object) => {
      store(account, object);
      const at = change.objects.findIndex((each) => each.id === object.id);
      if (at < 0) change.objects.push(object);
      else change.objects[at] = object;
      return object;
    },
    move: (kind, charge, amount) => {
      const movement = {
        at: opening.nowSeconds,
        kind,
        payment_intent: charge.payment_intent,
        charge: charge.id,
        amount,
        currency: charge.currency,
        idempotency_key: opening.key,
      };
      account.movements.push(movement);
      change.movements.push(movement);
    },
    emit: (type, object) => {
      const event: StripeEvent = {
        id: opening.newId('evt'),
        object: 'event',
        api_version: opening.apiVersion,
        created: opening.nowSeconds,
        data: { object },
        livemode: false,
        pending_webhooks: account.order.webhook_endpoint.length,
        request: { id: opening.requestId, idempotency_key: opening.key },
        type,
      };
      events.push(event);
      account.events.push(event);
      if (account.events.length > eventsMax * 1.1)
        account.events.splice(0, account.events.length - eventsMax);
    },
    pageUrl: (intent) => `${opening.baseUrl}/3ds/${account.id}/${intent}`,
  };
}
