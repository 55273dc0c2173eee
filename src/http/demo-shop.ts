import { readFileSync } from 'node:fs';
import type { Express, Request, Response } from 'express';
import { z } from 'zod';
import type { MerchantKeys } from '../flows/create-merchant.ts';
import { isId } from '../kernel/ids.ts';
import { address, email } from './codec/buyer.ts';
import type { Door } from './door.ts';
import { requestId } from './edge/address.ts';
import { readBody } from './edge/body.ts';
import { readJson } from './edge/json.ts';
import { pageText, serveFolder, servePage } from './page-files.ts';
import { type Problem, problemOf } from './problem.ts';
import { problemsOf } from './problems-of.ts';

const products = z
  .array(z.object({ id: z.string(), amount: z.int() }))
  .parse(JSON.parse(readFileSync(new URL('../web/demo/products.json', import.meta.url), 'utf8')));

const order = z.strictObject({
  items: z
    .array(z.enum(products.map(({ id }) => id)))
    .min(1)
    .max(50),
  email,
  ...address.required().omit({ state: true }).shape,
});

const event = z.looseObject({ aggregate: z.object({ id: z.string() }) });
const eventPage = z.object({ events: z.array(event), next: z.string().nullable() });
type Event = z.output<typeof event>;

/** An order has a dozen events; of the stream, the shop remembers the last ones. */
const eventsMax = 5_000;

/**
 * The demo shop's pages and its server: a storefront as small as it can be. It calls the API over HTTP with a secret key,
 * as every shop does, and its pages get the publishable one.
 */
export function addDemoShop(app: Express, door: Door, keys: MerchantKeys, integrity: string): void {
  // What the pages share comes first: it holds values of its own.
  const part = (name: string): string => pageText(`demo/${name}.html`);
  const parts = { head: part('head'), dropin: part('dropin'), frame: part('frame') };
  const values = { ...parts, publishable_key: keys.publishableKey, integrity };
  servePage(app, '/demo', 'demo/shop.html', values);
  servePage(app, '/demo/checkout', 'demo/checkout.html', values);
  servePage(app, '/demo/return', 'demo/result.html', values);
  serveFolder(app, '/demo', 'demo');

  const ask = async (request: Request, path: string, body?: object): Promise<Asked> => {
    const answer = await fetch(`${apiOf(request)}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${keys.secretKey}`,
        ...(body && { 'content-type': 'application/json', 'idempotency-key': door.deps.newId('req') }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, document: await answer.json() };
  };

  app.post('/demo/checkouts', async (request, response) => {
    const ordered = await readOrder(request);
    if ('problem' in ordered) {
      door.sendProblem(response, ordered.problem, requestId(request, door.deps.newId));
      return;
    }
    const { items, email, ...where } = ordered.value;
    const asked = await ask(request, '/v1/checkouts', {
      amount: items.reduce((sum, id) => sum + (products.find((each) => each.id === id)?.amount ?? 0), 0),
      currency: 'EUR',
      customer: { email, name: where.name },
      billing_address: where,
      shipping_address: where,
      return_url: new URL('/demo/return', door.deps.publicUrl).href,
      metadata: { items: items.join(' ').slice(0, 200) },
    });
    reply(door, response, asked);
  });

  const readEvents = eventReader((request, path) => ask(request, path));
  app.get('/demo/orders/:checkout', async (request, response) => {
    const { checkout } = request.params;
    const asked = isId('chk', checkout) ? await ask(request, `/v1/checkouts/${checkout}`) : null;
    if (asked?.status !== 200) {
      door.sendProblem(response, { code: 'not_found' }, requestId(request, door.deps.newId));
      return;
    }
    const { order, assessment } = namesIn.parse(asked.document);
    const events = (await readEvents(request)).filter(({ aggregate: { id } }) =>
      [order?.id, assessment?.id].includes(id),
    );
    reply(door, response, { status: 200, document: { checkout: asked.document, events } });
  });
}

type Asked = { readonly status: number; readonly document: unknown };

const named = z.object({ id: z.string() }).nullable();
const namesIn = z.object({ order: named, assessment: named });

/** Reads the merchant's events on from where it left off, as a shop's consumer does, and remembers the last ones. */
function eventReader(ask: (request: Request, path: string) => Promise<Asked>) {
  let events: Event[] = [];
  let after: string | null = null;
  let reading: Promise<void> | null = null;

  const readOn = async (request: Request): Promise<void> => {
    for (;;) {
      const { document } = await ask(
        request,
        `/v1/events?limit=999${after === null ? '' : `&after=${after}`}`,
      );
      const page = eventPage.parse(document);
      events = [...events, ...page.events].slice(-eventsMax);
      after = page.next;
      if (page.events.length < 999) return;
    }
  };
  // Two pages that look at once must not both move the cursor.
  return async (request: Request): Promise<readonly Event[]> => {
    reading ??= readOn(request).finally(() => (reading = null));
    await reading;
    return events;
  };
}

/** This service, by the door that the request came through. */
function apiOf({ socket }: Request): string {
  const host = socket.localAddress ?? '127.0.0.1';
  return `http://${host.includes(':') ? `[${host}]` : host}:${socket.localPort ?? 0}`;
}

async function readOrder(
  request: Request,
): Promise<{ readonly value: z.output<typeof order> } | { readonly problem: Problem }> {
  const body = await readBody(request, { bytesMax: 8 * 1024 });
  if (!body.ok) return { problem: problemOf(body) };
  const json = readJson(body.bytes);
  if (!json.ok) return { problem: problemOf(json) };
  const parsed = order.safeParse(json.value);
  return parsed.success
    ? { value: parsed.data }
    : { problem: { code: 'input_invalid', errors: problemsOf(parsed.error, '') } };
}

function reply(door: Door, response: Response, { status, document }: Asked): void {
  response
    .writeHead(status, { ...door.headers, 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(document));
}
