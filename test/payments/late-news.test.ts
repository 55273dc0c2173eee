import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../harness/service.ts';
import { type Paid, type TwoPsps, adyenCard, pspReferenceOf, startWithTwoPsps } from './two-psps.ts';

/** News that come when the PSP cannot be asked, or that say less than is needed. */
let shop: TwoPsps;
beforeAll(async () => {
  shop = await startWithTwoPsps();
});
afterEach(() => shop.noFaults());
afterAll(async () => {
  expect((await shop.audit()).violations).toEqual([]);
  await shop.close();
});

const checkout = async ({ body }: Paid) =>
  (await shop.call('GET', `/v1/checkouts/${String(body['id'])}`)).body;

type Seen = { readonly state: string; readonly tries: number; readonly note: string | null };
async function delivered(type: string): Promise<Seen | undefined> {
  const [last] = await shop.query(`select state, tries, note from deliveries where type = '${type}'
    order by received_at desc limit 1`);
  return last as Seen | undefined;
}

/** The next try of what waits is now; `tries` have been made. */
const tryNow = (type: string, tries: number) =>
  shop.query(
    `update deliveries set tries = ${tries}, try_at = now() where type = '${type}' and state = 'received'`,
  );

it('a success after a failure is kept in mind while Stripe cannot be asked about it [F2.2]', async () => {
  const paid = await shop.pay({ payment_method: 'pm_sandbox_5_settles_later' });
  const asked = { method: 'GET', path: `/v1/payment_intents/${pspReferenceOf(paid)}` };
  // Stripe says for once that it is canceled, and is not.
  await shop.fault({ match: asked, do: 'alter', set: { status: 'canceled' } });
  await eventually(async () => (await checkout(paid))['status'] === 'open');

  await shop.fault({ match: asked, do: 'error', when: 'before', times: 1000 });
  await shop.script('POST', `payment_intents/${pspReferenceOf(paid)}/settle`, {});
  await eventually(async () => ((await delivered('payment_intent.succeeded'))?.tries ?? 0) > 1);
  await shop.noFaults();
  await tryNow('payment_intent.succeeded', 1);
  await eventually(async () => (await checkout(paid))['status'] === 'completed');
});

it.each([
  ['is still asked about', 'young'],
  ['cannot be asked about any more', 'old'],
])('a refusal that Adyen tells by webhook only is believed where the payment %s', async (_, how) => {
  const card = adyenCard('4111111111111111', 'PENDING');
  const paid = await shop.pay({ payment_methods: { adyen: card } });
  expect(paid.body['status']).toBe('processing');
  if (how === 'old') await shop.query("update attempts set created_at = now() - interval '2 days'");
  await shop.adyen('POST', `payments/${pspReferenceOf(paid)}/settle`, { answer: 'DECLINED' });
  await eventually(async () => ((await delivered('AUTHORISATION'))?.tries ?? 0) > 0);
  await tryNow('AUTHORISATION', 9);
  await eventually(async () => (await checkout(paid))['status'] === 'open');
  const { journal } = (await shop.history(paid)) as unknown as { journal: { because: string }[] };
  expect(journal.at(-1)).toMatchObject({ to: 'declined', because: 'other (AUTHORISATION)' });
});
