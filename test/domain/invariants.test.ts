import { expect, it } from '@jest/globals';
import { auditAll } from '../../src/invariants/invariants.ts';
import type { LedgerLine } from '../../src/invariants/ledger.ts';
import type { Step } from '../../src/domain/purchase/step.ts';
import { beginAttempt } from '../../src/domain/purchase/begin-attempt.ts';
import { beginMovement } from '../../src/domain/purchase/begin-movement.ts';
import type { Audited } from '../../src/store/audit.ts';
import {
  at,
  attemptOf,
  authorization,
  heard,
  moved,
  movementNews,
  movementOf,
  must,
  newId,
  openCheckout,
  planned,
  saleOf,
  total,
} from './purchase/given.ts';

/** A purchase that was authorised and captured, as the store would have it, and its line in the PSP's ledger. */
function sound(): { audited: Audited; line: LedgerLine } {
  const steps: Step[] = [];
  const take = (step: Step | object | null) => {
    steps.push(must(step));
    return must(step).purchase;
  };
  let now = take(beginAttempt(openCheckout(), planned(), at));
  now = take(heard(now, authorization()));
  now = take(beginMovement(now, { id: newId('mov'), kind: 'capture' }, at));
  now = take(moved(now, movementNews(total).succeeded));
  const attempt = attemptOf(now);
  const audited: Audited = {
    purchase: now,
    journal: steps.flatMap(({ journal }) => journal),
    events: steps
      .flatMap(({ events }) => events)
      .map(({ type }, index) => ({ id: newId('evt'), type, sequence: index + 1 })),
    postings: steps
      .flatMap(({ postings }) => postings)
      .map(({ amount: { amount, currency }, ...sides }) => ({ ...sides, amount, currency })),
    requests: [{ scope: 's', checkout_id: now.checkout.id, subject: attempt.id, lease_until: null }],
  };
  const line: LedgerLine = {
    psp: 'stripe',
    reference: 'pi_1',
    metadata: { tillgate_attempt: attempt.id },
    currency: 'eur',
    idempotency_keys: [attempt.request.pspKey, movementOf(now).pspKey],
    authorised: 1000,
    captured: 1000,
    voided: 0,
    refunded: 0,
    authorisations: [1000],
    captures: [1000],
    refunds: [],
  };
  return { audited, line };
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* only(audited: Audited): AsyncGenerator<Audited> {
  yield audited;
}

const violationsOf = async (audited: Audited, lines: readonly LedgerLine[]): Promise<string[]> => {
  const { violations } = await auditAll(only(audited), lines, { now: at + 100, settlingMs: 50 });
  return [...new Set(violations.map(({ invariant }) => invariant))].toSorted();
};

type Planted = (sound: { audited: Audited; line: LedgerLine }) => { audited: Audited; lines: LedgerLine[] };

/** The sale with other values; checks must not believe that the domain made it. */
const sale = (audited: Audited, change: (of: ReturnType<typeof saleOf>) => object): Audited => ({
  ...audited,
  purchase: {
    ...audited.purchase,
    sale: { ...saleOf(audited.purchase), ...change(saleOf(audited.purchase)) },
  },
});

it('a sound purchase breaks nothing', async () => {
  const { audited, line } = sound();
  expect(await violationsOf(audited, [line])).toEqual([]);
});

const plant: readonly (readonly [string, string, Planted])[] = [
  [
    'I1',
    'a payment that was authorised twice',
    ({ audited, line }) => ({
      audited,
      lines: [{ ...line, authorisations: [1000, 1000], authorised: 2000 }],
    }),
  ],
  [
    'I1',
    'a second charge for one attempt',
    ({ audited, line }) => ({
      audited,
      lines: [line, { ...line, reference: 'pi_2', captured: 0, captures: [], voided: 1000 }],
    }),
  ],
  [
    'I1',
    'a second capture',
    ({ audited, line }) => ({ audited, lines: [{ ...line, captures: [500, 500] }] }),
  ],
  [
    'I1',
    'more captured than authorised',
    ({ audited, line }) => ({
      audited: sale(audited, ({ payment }) => ({ payment: { ...payment, authorized: 1n } })),
      lines: [line],
    }),
  ],
  [
    'I2',
    'a charge for an attempt that is not here',
    ({ audited, line }) => ({
      audited,
      lines: [line, { ...line, metadata: { tillgate_attempt: 'att_lost' } }],
    }),
  ],
  ['I2', 'an order that is paid with no charge', ({ audited }) => ({ audited, lines: [] })],
  [
    'I2',
    'a capture that the PSP never made',
    ({ audited, line }) => ({ audited, lines: [{ ...line, captured: 0, captures: [] }] }),
  ],
  [
    'I2',
    'an attempt that nobody settles',
    ({ line }) => {
      const begun = must(beginAttempt(openCheckout(), planned(), at));
      const { audited } = sound();
      return {
        audited: {
          ...audited,
          purchase: begun.purchase,
          journal: begun.journal,
          events: [{ id: 'evt_1', type: 'order.created', sequence: 1 }],
          postings: [],
        },
        lines: line.captured < 0 ? [line] : [],
      };
    },
  ],
  [
    'I4',
    'a call with a key that was not recorded',
    ({ audited, line }) => ({ audited, lines: [{ ...line, idempotency_keys: ['another'] }] }),
  ],
  [
    'I4',
    'a request that nobody answers',
    ({ audited, line }) => ({
      audited: {
        ...audited,
        requests: [{ scope: 's', checkout_id: '', subject: null, lease_until: at - 1 }],
      },
      lines: [line],
    }),
  ],
  [
    'I4',
    'two requests that drive one attempt',
    ({ audited, line }) => ({
      audited: { ...audited, requests: [...audited.requests, ...audited.requests] },
      lines: [line],
    }),
  ],
  [
    'I5',
    'a journal that goes where no edge leads',
    ({ audited, line }) => ({
      audited: {
        ...audited,
        journal: audited.journal.map((each) =>
          each.from === 'prepared' ? { ...each, to: 'prepared' } : each,
        ),
      },
      lines: [line],
    }),
  ],
  [
    'I5',
    'a journal with a line missing',
    ({ audited, line }) => ({ audited: { ...audited, journal: audited.journal.slice(1) }, lines: [line] }),
  ],
  [
    'I5',
    'a payment and an order that disagree',
    ({ audited, line }) => ({
      audited: sale(audited, ({ payment }) => ({ payment: { ...payment, state: 'open' } })),
      lines: [line],
    }),
  ],
  [
    'I6',
    'a gap in the events',
    ({ audited, line }) => ({
      audited: { ...audited, events: audited.events.filter(({ sequence }) => sequence !== 2) },
      lines: [line],
    }),
  ],
  [
    'I6',
    'an event twice',
    ({ audited, line }) => ({
      audited: { ...audited, events: audited.events.map((each) => ({ ...each, id: 'evt_1' })) },
      lines: [line],
    }),
  ],
  [
    'I6',
    'an order that was captured in silence',
    ({ audited, line }) => ({
      audited: { ...audited, events: audited.events.map((each) => ({ ...each, type: 'order.created' })) },
      lines: [line],
    }),
  ],
  [
    'I7',
    'a posting that is missing',
    ({ audited, line }) => ({ audited: { ...audited, postings: [] }, lines: [line] }),
  ],
  [
    'I7',
    'a posting of another amount',
    ({ audited, line }) => ({
      audited: { ...audited, postings: audited.postings.map((each) => ({ ...each, amount: 999n })) },
      lines: [line],
    }),
  ],
];

it.each(plant)('%s finds %s', async (invariant, _, planted) => {
  const { audited, lines } = planted(sound());
  expect(await violationsOf(audited, lines)).toContain(invariant);
});
