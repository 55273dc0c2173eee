import { setTimeout as sleep } from 'node:timers/promises';
import { type Reply, type TestService, newId } from '../harness/service.ts';
import { card } from '../http/routes/operations.ts';

/** A request that moves money, with its one key, and what it was told before it was answered. */
export type Insisted = { readonly reply: Reply; readonly refused: readonly string[] };

/** Asks again with the same key for as long as it hears "not now": what shops are told to do. */
export async function insist(
  shop: TestService,
  path: string,
  body: object,
  idempotencyKey: string = newId('req'),
): Promise<Insisted> {
  const refused: string[] = [];
  for (;;) {
    const reply = await shop.call('POST', path, { body, idempotencyKey });
    if (reply.status < 500 && reply.body['code'] !== 'request_in_flight') return { reply, refused };
    refused.push(`${reply.status} ${String(reply.body['code'])}`);
    await sleep(50);
  }
}

/** What a request may be told while a part is away: nothing was done, or somebody is at it. Never what broke. */
export const notNow = ['503 unavailable', '503 overloaded', '409 request_in_flight'];

export const confirming = (shop: TestService, checkout: string, key?: string): Promise<Insisted> =>
  insist(shop, `/v1/checkouts/${checkout}/confirm`, card, key);

/** What the PSP has taken for a checkout. */
export async function chargesOf(shop: TestService, checkout: string): Promise<number[]> {
  const lines = await shop.ledger();
  return lines
    .filter(({ metadata }) => metadata['tillgate_checkout'] === checkout)
    .flatMap(({ authorisations }) => authorisations);
}
