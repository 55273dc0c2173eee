import { unreachable } from '../../kernel/unreachable.ts';
import { randomInt } from 'node:crypto';
import type { Ledger, Notification } from './ledger.ts';
import { signItem, type NotificationItem } from './signature.ts';

/** Where webhooks go and how unpleasantly; a test changes it at `/_sandbox/webhooks`. */
export type WebhookSettings = {
  /** Empty: nobody listens, items are only kept. */
  readonly url: string;
  /** Hexadecimal. */
  readonly hmacKey: string;
  readonly username: string;
  readonly password: string;
  /** Keeps every item until the test delivers it, in whatever order it likes. */
  readonly hold: boolean;
  /** How many items one body may carry. */
  readonly batch: number;
  readonly shuffle: boolean;
  /** How often each body is sent. */
  readonly copies: number;
};

/** What may be wrong with the first item of a hand-made delivery. */
export type Spoilt = 'signature' | 'amount' | 'account' | 'success';

export type Webhooks = {
  readonly settings: () => WebhookSettings;
  readonly configure: (settings: WebhookSettings) => void;
  /** Keeps the item and sends it soon, unless items are held. */
  readonly announce: (item: NotificationItem) => void;
  /** Sends these items now, in this order, in one body; answers the status heard, 0 for none. */
  readonly deliver: (ids: readonly number[], spoilt?: Spoilt) => Promise<number>;
  readonly close: () => void;
};

/** Adyen waits this long for a 2xx. */
const answerMsMax = 10_000;

/** Adyen's pauses between tries: 2, 5, 10, 15, 30 minutes, 1, 2, 4 and 8 hours; the stand-in then gives up. */
export const retryMsDefault: readonly number[] = [2, 5, 10, 15, 30, 60, 120, 240, 480].map((m) => m * 60_000);

export function openWebhooks(ledger: Ledger, first: WebhookSettings, retryMs: readonly number[]): Webhooks {
  let settings = first;
  let queue: number[] = ledger.notifications.map(({ id }) => id).filter((id) => !ledger.delivered.has(id));
  let closed = false;
  let due = false;
  const timers = new Set<NodeJS.Timeout>();

  /** One pass of the event loop later, so that the answer which caused an item is usually out before it. */
  function soon(): void {
    if (due || settings.hold || settings.url === '') return;
    due = true;
    setImmediate(() => {
      due = false;
      if (!closed) flush();
    });
  }

  function flush(): void {
    const waiting = settings.shuffle ? shuffled(queue) : queue;
    queue = [];
    for (let from = 0; from < waiting.length; from += settings.batch) {
      const ids = waiting.slice(from, from + settings.batch);
      for (let copy = 0; copy < settings.copies; copy += 1) void attempt(ids, 0);
    }
  }

  async function attempt(ids: readonly number[], tries: number): Promise<void> {
    const status = await deliver(ids);
    const pauseMs = retryMs[tries];
    if (isHeard(status) || closed || pauseMs === undefined) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      void attempt(ids, tries + 1);
    }, pauseMs);
    timers.add(timer);
  }

  async function deliver(ids: readonly number[], spoilt?: Spoilt): Promise<number> {
    const items = ids.map((id) => itemOf(ledger.notifications, id));
    const body = bodyOf(items, settings.hmacKey, spoilt);
    const status = await post(settings, body);
    if (isHeard(status) && !closed) {
      for (const id of ids) if (!ledger.delivered.has(id)) ledger.append({ kind: 'delivered', id });
    }
    return status;
  }

  soon();
  return {
    settings: () => settings,
    configure: (changes) => {
      settings = changes;
      soon();
    },
    announce: (item) => {
      const id = ledger.notifications.length + 1;
      ledger.append({ kind: 'notification', notification: { id, item } });
      queue.push(id);
      soon();
    },
    deliver: async (ids, spoilt) => {
      queue = queue.filter((id) => !ids.includes(id));
      return deliver(ids, spoilt);
    },
    close: () => {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** The body of one webhook. A spoilt item is changed after signing, so that its signature no longer fits. */
function bodyOf(items: readonly NotificationItem[], hmacKey: string, spoilt: Spoilt | undefined): string {
  const notificationItems = items.map((item, place) => {
    const hmacSignature = signItem(item, hmacKey);
    const signed = { ...item, additionalData: { ...item.additionalData, hmacSignature } };
    return {
      NotificationRequestItem: place === 0 && spoilt !== undefined ? spoil(signed, spoilt) : signed,
    };
  });
  return JSON.stringify({ live: 'false', notificationItems });
}

function spoil(item: NotificationItem, spoilt: Spoilt): NotificationItem {
  switch (spoilt) {
    case 'signature':
      return { ...item, additionalData: { ...item.additionalData, hmacSignature: 'AAAA' } };
    case 'amount':
      return { ...item, amount: { ...item.amount, value: item.amount.value + 1 } };
    case 'account':
      return { ...item, merchantAccountCode: `${item.merchantAccountCode}Other` };
    case 'success':
      return { ...item, success: item.success === 'true' ? 'false' : 'true' };
    default:
      return unreachable(spoilt);
  }
}

async function post(settings: WebhookSettings, body: string): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${settings.username}:${settings.password}`).toString('base64')}`;
  try {
    const response = await fetch(settings.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        ...(settings.username === '' ? {} : { authorization }),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(answerMsMax),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

function isHeard(status: number): boolean {
  return status >= 200 && status < 300;
}

function itemOf(notifications: readonly Notification[], id: number): NotificationItem {
  const found = notifications[id - 1];
  if (found === undefined) throw new Error(`no notification ${id}`);
  return found.item;
}

function shuffled<T>(values: readonly T[]): T[] {
  const left = [...values];
  return values.map(() => left.splice(randomInt(left.length), 1)[0] as T);
}
