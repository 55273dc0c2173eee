import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { idFrom } from '../../kernel/ids.ts';
import type { Clock } from '../../kernel/instant.ts';
import { faultScript, type FaultScript } from '../fault-script.ts';
import { openLedgerFile } from '../ledger-file.ts';
import { webhookSender } from '../webhook-sender.ts';
import {
  applyChange,
  newAccount,
  openBooks,
  type Account,
  type Books,
  type Change,
  type FiledReply,
} from './account.ts';
import { missing } from './api-error.ts';
import { expand } from './expand.ts';
import type { Kind, Objects } from './objects/objects.ts';
import type { WebhookEndpoint } from './objects/webhook-endpoint.ts';
import { webhooks, type Webhooks } from './webhooks.ts';

export type StripeSandboxOptions = {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Where the ledger is kept between starts; without it everything is forgotten at the end. */
  readonly dataDir?: string;
  /** How long every API answer takes. 0 by default. */
  readonly latencyMs?: number;
  /** Pauses between the tries of a webhook. */
  readonly webhookRetryMs?: readonly number[];
  /** Endpoints that exist from the start, by the secret key of their account. */
  readonly webhookEndpoints?: readonly {
    readonly key: string;
    readonly url: string;
    readonly secret: string;
    readonly events?: readonly string[];
  }[];
  readonly clock?: Clock;
  readonly newId?: (prefix: string) => string;
};

/** Short enough for a test to wait for, long enough to outlast the restart of a receiver. */
const retryMsDefault = [100, 500, 2_000, 5_000, 15_000, 60_000];

/** The version that the pinned official library asks for. */
export const apiVersionDefault = '2026-10-28.endive';

export type World = {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly faults: FaultScript;
  readonly webhooks: Webhooks;
  readonly latencyMs: number;
  /** Set as soon as the server listens. */
  baseUrl: string;
  now(): number;
  newId(prefix: string): string;
  accountOf(secretKey: string): Account;
  /** The account that owns an object, for scripts and pages, which carry no key. */
  owner<K extends Kind>(kind: K, id: string): { account: Account; object: Objects[K] };
  open(account: Account, from: { requestId: string | null; key: string | null; version?: string }): Books;
  /** Makes what the books changed lasting, and tells the webhook endpoints. */
  commit(books: Books, key?: string, reply?: FiledReply): void;
  close(): Promise<void>;
};

/** Keeps the reply of a change, with the object it shows as it is at this moment. */
function remember(account: Account, { objects, reply }: Change): void {
  if (reply === undefined) return;
  const { key, print, request, at, status } = reply;
  const value =
    'shows' in reply
      ? expand(
          account,
          objects.find(({ id }) => id === reply.shows),
          reply.expand,
        )
      : reply.value;
  account.replies.set(key, { print, request, at, status, value });
}

/** Ten random bytes a time out of a larger draw: asking the system for each id would be a tenth of all the work. */
function randomness(): () => Uint8Array {
  let pool = randomBytes(0);
  return () => {
    if (pool.length < 10) pool = randomBytes(5_120);
    const taken = pool.subarray(0, 10);
    pool = pool.subarray(10);
    return taken;
  };
}

export function accountIdOf(secretKey: string): string {
  return `acct_${createHash('sha256').update(secretKey).digest('hex').slice(0, 16)}`;
}

export async function openWorld(options: StripeSandboxOptions): Promise<World> {
  const clock = options.clock ?? Date.now;
  const random = randomness();
  const newId = options.newId ?? ((prefix: string) => idFrom(prefix, clock(), random()));
  const accounts = new Map<string, Account>();
  const byKey = new Map<string, Account>();
  const account = (id: string) => {
    const known = accounts.get(id) ?? newAccount(id);
    accounts.set(id, known);
    return known;
  };
  const path = options.dataDir === undefined ? undefined : join(options.dataDir, 'stripe.ndjson');
  const file = await openLedgerFile(path, (record) => {
    const change = record as Change;
    const owner = account(change.account);
    applyChange(owner, change);
    remember(owner, change);
  });
  const sender = webhookSender(options.webhookRetryMs ?? retryMsDefault);
  const hooks = webhooks(sender);
  const now = () => Math.floor(clock() / 1_000);

  const world: World = {
    accounts,
    faults: faultScript(),
    webhooks: hooks,
    latencyMs: options.latencyMs ?? 0,
    baseUrl: '',
    now,
    newId,
    accountOf: (secretKey) => {
      const known = byKey.get(secretKey) ?? account(accountIdOf(secretKey));
      byKey.set(secretKey, known);
      return known;
    },
    owner: (kind, id) => {
      for (const each of accounts.values()) {
        const object = each.tables[kind].get(id);
        if (object !== undefined) return { account: each, object };
      }
      throw missing(kind, id);
    },
    open: (owner, { requestId, key, version = apiVersionDefault }) =>
      openBooks(owner, {
        nowSeconds: now(),
        apiVersion: version,
        baseUrl: world.baseUrl,
        requestId,
        key,
        newId,
      }),
    commit: ({ account: owner, change, events }, key, reply) => {
      if (key !== undefined && reply !== undefined) {
        change.reply = { key, ...reply };
        remember(owner, change);
      }
      if (change.objects.length > 0 || change.reply !== undefined) file.append(change);
      if (events.length > 0) hooks.publish(owner, events);
    },
    close: async () => {
      sender.close();
      await file.close();
    },
  };
  for (const { key, url, secret, events } of options.webhookEndpoints ?? []) {
    const books = world.open(world.accountOf(key), { requestId: null, key: null });
    const old = [...books.account.tables.webhook_endpoint.values()].find((each) => each.url === url);
    books.put<WebhookEndpoint>({
      id: old?.id ?? newId('we'),
      object: 'webhook_endpoint',
      api_version: null,
      application: null,
      created: books.now,
      description: 'Given at the start of the stand-in',
      enabled_events: events ?? ['*'],
      livemode: false,
      metadata: {},
      secret,
      status: 'enabled',
      url,
    });
    world.commit(books);
  }
  return world;
}
