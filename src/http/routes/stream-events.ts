import type { Express, Request, Response } from 'express';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MerchantId } from '../../kernel/ids.ts';
import type { EventCursor, ListedEvent } from '../../domain/events/listed-event.ts';
import { approachOf, classOf, strangerAt } from '../approach.ts';
import { callerOf } from '../caller.ts';
import type { Door } from '../door.ts';
import { requestId } from '../edge/address.ts';
import { type Problem, problemOf } from '../problem.ts';
import { cursorText, isCursor, listEvents, toCursor, toWireEvent } from './list-events.ts';

/** How often an open stream looks for more. */
const lookMs = 200;

/** Proxies close what is silent for a minute. */
const heartbeatMs = 15_000;

/** Who was cut off by a deployment comes back within seconds; a room that is full stays so for longer. */
const retryAfterS = { ofMerchant: 10, inAll: 30 };

const pageMax = 500;

/**
 * `GET /v1/events/stream`: the events of `/v1/events` as server-sent events, from `after` or `Last-Event-ID` on. The id
 * of each is its cursor, so that a reader that was cut off goes on where it was. Ends when `draining` is aborted, or the
 * key that opened it may not read events any more.
 */
export function streamEvents(app: Express, door: Door, draining: AbortSignal): void {
  const open = new Map<MerchantId, number>();
  let inAll = 0;

  app.get('/v1/events/stream', async (request, response) => {
    const id = requestId(request, door.deps.newId);
    const asked = await readRequest(door, request);
    if ('problem' in asked) {
      door.sendProblem(response, asked.problem, id);
      return;
    }
    const { merchantId } = asked;
    const ofMerchant = open.get(merchantId) ?? 0;
    if (ofMerchant >= streamsMax.ofMerchant) {
      door.sendProblem(response, { code: 'quota_exceeded', retryAfterS: retryAfterS.ofMerchant }, id);
      return;
    }
    if (inAll >= streamsMax.inAll) {
      door.sendProblem(response, { code: 'overloaded', retryAfterS: retryAfterS.inAll }, id);
      return;
    }
    // Whoever hung up meanwhile would be counted for ever: its close has been told already.
    if (response.destroyed) return;
    open.set(merchantId, ofMerchant + 1);
    inAll += 1;
    response.once('close', () => {
      open.set(merchantId, (open.get(merchantId) ?? 1) - 1);
      inAll -= 1;
    });
    response.writeHead(200, {
      ...door.headers,
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'request-id': id,
    });
    await follow(door, response, asked, draining).catch((error: unknown) => {
      door.log.warn('an event stream was cut off', { request_id: id, error });
    });
    response.end();
  });
}

/** Each stream asks the database five times a second; a merchant needs one, and a second while it deploys. */
export const streamsMax = { ofMerchant: 5, inAll: 200 };

type Opened = {
  readonly merchantId: MerchantId;
  readonly after: EventCursor | null;
  /** Asked before every look: a stream may live for weeks, and its key be revoked or expire meanwhile. */
  readonly mayRead: () => Promise<boolean>;
};
type Asked = Opened | { readonly problem: Problem };

/** Opening one is a listing, for load shedding and for limits; an open one is counted by itself. */
async function readRequest(door: Door, request: Request): Promise<Asked> {
  const admission = door.shed.admit(classOf(listEvents));
  if (!admission.ok) return { problem: { ...problemOf(admission), retryAfterS: admission.retryAfterS } };
  try {
    return await readAdmitted(door, request);
  } finally {
    admission.done();
  }
}

async function readAdmitted(door: Door, request: Request): Promise<Asked> {
  const address = door.readAddress(request);
  const identify = () => callerOf(door.authenticate, listEvents, request, address);
  const caller = await identify();
  if ('problem' in caller) {
    const stranger = await door.gate.enter(strangerAt(listEvents, address));
    return { problem: stranger.ok ? caller.problem : stranger.problem };
  }
  const entry = await door.gate.enter(approachOf(listEvents, caller.value, request).visit);
  if (!entry.ok) return { problem: entry.problem };
  const query = new URL(request.originalUrl, 'http://stream.invalid').searchParams;
  const after = request.get('last-event-id') ?? query.get('after');
  if (after !== null && !isCursor(after)) {
    const detail = 'This is not the id of a streamed event.';
    return { problem: { code: 'input_invalid', errors: [{ pointer: '?/after', code: 'invalid', detail }] } };
  }
  return {
    merchantId: caller.value.merchantId,
    after: after === null ? null : toCursor(after),
    mayRead: async () => 'value' in (await identify()),
  };
}

/** A reader that does not read is noticed by the server, which cuts it off (edge/server.ts). */
async function follow(
  { deps: { store } }: Door,
  response: Response,
  { merchantId, after: from, mayRead }: Opened,
  draining: AbortSignal,
): Promise<void> {
  let after = from;
  let quietSince = performance.now();
  response.write(': from here on\n\n');
  while (!response.destroyed && !draining.aborted && (await mayRead())) {
    const found = response.writableNeedDrain ? [] : await store.events.list(merchantId, after, pageMax);
    for (const listed of found) response.write(toMessage(listed));
    after = found.at(-1)?.cursor ?? after;
    if (found.length > 0) quietSince = performance.now();
    else if (performance.now() - quietSince > heartbeatMs) {
      response.write(': still here\n\n');
      quietSince = performance.now();
    }
    if (found.length < pageMax) await sleep(lookMs);
  }
}

function toMessage({ event, cursor }: ListedEvent): string {
  return `id: ${cursorText(cursor)}\nevent: ${event.type}\ndata: ${JSON.stringify(toWireEvent(event))}\n\n`;
}
