import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { showFigure } from '../harness/figure.ts';
import { type Reply, eventually } from '../harness/service.ts';
import { type Paid, type TwoPsps, adyenCard, orderOf, pspReferenceOf, startWithTwoPsps } from './two-psps.ts';

let shop: TwoPsps;
beforeAll(async () => {
  shop = await startWithTwoPsps();
});
afterEach(() => shop.noFaults());
afterAll(async () => {
  expect((await shop.audit()).violations).toEqual([]);
  await shop.close();
});

const idOf = ({ body }: Paid): string => body['id'] as string;
const read = async (paid: Paid) => (await shop.call('GET', `/v1/checkouts/${idOf(paid)}`)).body;
const cancel = (paid: Paid): Promise<Reply> => shop.call('POST', `/v1/checkouts/${idOf(paid)}/cancel`);

const eventsOf = (paid: Paid): Promise<string[]> => shop.eventsOf(orderOf(paid));

/** A payment in the PSPs' own books, by its attempt: what waits at Adyen has told us no reference yet. */
async function linesOf(paid: Paid) {
  const { attempts } = (await shop.history(paid)) as unknown as { attempts: { id: string }[] };
  return (await shop.ledgers()).filter(({ metadata }) => metadata['tillgate_attempt'] === attempts[0]?.id);
}

async function books(paid: Paid) {
  const charged = (await linesOf(paid)).filter(({ authorisations }) => authorisations.length > 0);
  return charged.map(({ authorisations, captured, refunded }) => ({ authorisations, captured, refunded }));
}

const everythingApplied = () =>
  eventually(async () => {
    const [row] = await shop.query(`select ((select count(*) from deliveries where state = 'received')
      + (select count(*) from movements where ask_at is not null))::int as open`);
    return row?.['open'] === 0;
  });

type AtPsp = {
  /** A payment that waits for its buyer. */
  readonly waiting: () => Promise<Paid>;
  /** The buyer has done it: the PSP charges, and tells us by webhook only. */
  readonly confirm: (paid: Paid) => Promise<unknown>;
  /** A payment that the PSP still works on, given up here because the PSP said so. */
  readonly givenUp: () => Promise<Paid>;
  readonly confirmLate: (paid: Paid) => Promise<unknown>;
};

const atStripe: AtPsp = {
  waiting: () => shop.pay({ payment_method: 'pm_card_threeDSecure2Required' }),
  confirm: (paid) => shop.script('POST', `payment_intents/${pspReferenceOf(paid)}/authenticate`, {}),
  givenUp: async () => {
    const paid = await shop.pay({ payment_method: 'pm_sandbox_5_settles_later' });
    // Stripe says for once that it is canceled, and is not.
    const asked = { method: 'GET', path: `/v1/payment_intents/${pspReferenceOf(paid)}` };
    await shop.fault({ match: asked, do: 'alter', set: { status: 'canceled' } });
    await eventually(async () => (await read(paid))['status'] === 'open');
    return paid;
  },
  confirmLate: (paid) => shop.script('POST', `payment_intents/${pspReferenceOf(paid)}/settle`, {}),
};

async function settleAtAdyen(paid: Paid): Promise<unknown> {
  const [line] = await linesOf(paid);
  return shop.adyen('POST', `payments/${line?.reference ?? ''}/settle`, { answer: 'APPROVED' });
}

const atAdyen: AtPsp = {
  waiting: () => shop.pay({ payment_methods: { adyen: adyenCard('4917610000000000') } }),
  confirm: settleAtAdyen,
  // Not handing in the buyer's result gives it up; Adyen has no call for it.
  givenUp: () => atAdyen.waiting(),
  confirmLate: settleAtAdyen,
};

describe.each([
  ['Stripe', atStripe],
  ['Adyen', atAdyen],
] as const)('a checkout that is canceled and confirmed by a webhook of %s [F11.4]', (_, psp) => {
  it('canceled first: the money is taken, and given back whole', async () => {
    const paid = await psp.givenUp();
    expect((await cancel(paid)).body).toMatchObject({ status: 'canceled' });
    await psp.confirmLate(paid);
    await eventually(async () => (await eventsOf(paid)).includes('payment.reversed'));
    expect(await books(paid)).toEqual([{ authorisations: [1299], captured: 1299, refunded: 1299 }]);
    expect(await read(paid)).toMatchObject({
      status: 'canceled',
      order: { status: 'canceled' },
      payment: { status: 'canceled', captured: 0, refunded: 0 },
    });
    const told = (await eventsOf(paid)).filter(
      (type) => type.startsWith('order.') || /unwanted|reversed/.test(type),
    );
    expect(told).toEqual(['order.created', 'order.canceled', 'payment.unwanted', 'payment.reversed']);
  });

  it('confirmed first: the order is paid, and cannot be canceled', async () => {
    const paid = await psp.waiting();
    expect(paid.body).toMatchObject({ status: 'requires_action' });
    await psp.confirm(paid);
    await eventually(async () => (await read(paid))['status'] === 'completed');
    expect((await cancel(paid)).body['code']).toBe('checkout_not_open');
    await everythingApplied();
    expect(await books(paid)).toEqual([{ authorisations: [1299], captured: 1299, refunded: 0 }]);
  });

  it('both at once, ten times: each is paid, or has given back what it took', async () => {
    const all = await Promise.all(
      Array.from({ length: 10 }, async (__, n) => {
        const paid = await psp.waiting();
        // Each pair a little further apart, so that either may be first.
        const confirming = psp.confirm(paid);
        const canceling = sleep(n * 10).then(() => cancel(paid));
        const [canceled] = await Promise.all([canceling, confirming]);
        return { paid, canceled };
      }),
    );
    await everythingApplied();
    const ends = { paid: 0, canceled: 0 };
    for (const { paid, canceled } of all) {
      const { status, payment } = (await read(paid)) as { status: string; payment: { captured: number } };
      const kept = (await books(paid)).reduce((sum, line) => sum + line.captured - line.refunded, 0);
      expect([status, canceled.status, kept, payment.captured]).toEqual(
        status === 'completed' ? ['completed', 409, 1299, 1299] : ['canceled', 200, 0, 0],
      );
      ends[status === 'completed' ? 'paid' : 'canceled'] += 1;
    }
    showFigure(`canceled and confirmed at once: ${ends.paid} paid, ${ends.canceled} canceled, none torn`);
  });
});
