import type { Api, Reply } from '../bench/load.ts';

export type Call = 'create' | 'confirm' | 'capture' | 'list';

/** How a call ended: `shed` when the service said that it is busy and did nothing. */
export type End = { readonly end: 'succeeded' | 'shed' } | { readonly end: 'failed'; readonly why: string };

export type Shop = {
  readonly one: (call: Call) => Promise<End>;
  /** Makes checkouts to confirm and orders to capture, until there are so many of each. */
  readonly prepare: (open: number, authorized: number) => Promise<void>;
};

/** A storefront's calls. Each takes what an earlier one left: a confirm an open checkout, a capture an authorised order. */
export function openShop(api: Api): Shop {
  const open: string[] = [];
  const authorized: string[] = [];
  let lists = 0;

  const calls: Readonly<Record<Call, () => Promise<Reply>>> = {
    create: async () => {
      const buyer = Math.floor(Math.random() * 1e12).toString(36);
      const reply = await api.post('/v1/checkouts', {
        amount: 500 + Math.floor(Math.random() * 9_500),
        currency: 'EUR',
        capture_mode: 'manual',
        customer: { reference: buyer, email: `${buyer}@example.com` },
        billing_address: { country: 'DE', postal_code: String(10_000 + Math.floor(Math.random() * 80_000)) },
      });
      if (reply.status === 201) open.push(String(reply.body['id']));
      return reply;
    },
    confirm: async () => {
      const id = next(open, 'open checkout');
      const reply = await api.post(`/v1/checkouts/${id}/confirm`, {
        payment_method: 'pm_card_visa',
        signals: { device: { id, ip: `203.0.${byte()}.${byte()}` }, basket: { item_count: 2 } },
      });
      if (isShed(reply)) open.push(id);
      const order = reply.body['order'] as { id: string; status: string } | null | undefined;
      if (order?.status === 'authorized') authorized.push(order.id);
      return reply;
    },
    capture: async () => {
      const id = next(authorized, 'authorised order');
      const reply = await api.post(`/v1/orders/${id}/capture`, {});
      if (isShed(reply)) authorized.push(id);
      return reply;
    },
    list: () => {
      lists += 1;
      const pages = ['/v1/events?limit=20', '/v1/disputes', `/v1/orders/${authorized.at(-1) ?? ''}`];
      return api.get(pages[lists % pages.length] ?? '');
    },
  };

  const one = async (call: Call): Promise<End> => {
    const reply = await calls[call]();
    if (isShed(reply)) return { end: 'shed' };
    if (reply.status < 300) return { end: 'succeeded' };
    return { end: 'failed', why: `${call}: ${reply.status} ${JSON.stringify(reply.body)}` };
  };

  return {
    one,
    prepare: async (openCount, authorizedCount) => {
      const missing = (): number => openCount + authorizedCount - open.length - authorized.length;
      while (missing() > 0) await inTurns(missing(), () => one('create'));
      while (authorized.length < authorizedCount)
        await inTurns(authorizedCount - authorized.length, () => one('confirm'));
    },
  };
}

/** As many at once as a calm service takes. */
async function inTurns(count: number, work: () => Promise<End>): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const ended = await work();
      if (ended.end === 'failed') throw new Error(ended.why);
    }
  };
  await Promise.all(Array.from({ length: 16 }, lane));
}

function next(stock: string[], what: string): string {
  const id = stock.shift();
  if (id === undefined) throw new Error(`no ${what} is left`);
  return id;
}

function isShed({ status }: Reply): boolean {
  return status === 503 || status === 429;
}

function byte(): number {
  return Math.floor(Math.random() * 256);
}
