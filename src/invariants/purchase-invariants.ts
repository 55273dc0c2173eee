import { orderTransitions } from '../domain/checkout/order.ts';
import { attemptTransitions, isLive } from '../domain/payment/attempt.ts';
import { isMoving, movementTransitions } from '../domain/payment/movement.ts';
import type { PaymentState } from '../domain/payment/payment.ts';
import type { Sale } from '../domain/purchase/purchase.ts';
import type { OrderState } from '../domain/checkout/order.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Audited } from '../store/audit.ts';

/** What may never be true of a purchase, whatever crashed. Each check answers sentences that say what is wrong. */
export type Check = (audited: Audited, sale: Sale, when: When) => string[];

export type When = { readonly now: Instant; readonly settlingMs: number };

type Edges = Readonly<Record<string, readonly string[]>>;

/** I1, our side: what is captured was authorised, what is refunded was captured, and all of it was ordered. */
export const ordered: Check = (_, { order, payment }) => [
  ...(payment.captured > payment.authorized ? ['more is captured than was authorised'] : []),
  ...(payment.refunded > payment.captured ? ['more is refunded than was captured'] : []),
  ...(payment.authorized > order.total.amount ? ['more is authorised than was ordered'] : []),
];

/** I2, our side: nothing waits for an outcome longer than settling takes. */
export const settled: Check = (_, { attempts, movements }, { now, settlingMs }) =>
  [...attempts.filter(isLive), ...movements.filter(isMoving)]
    .filter(({ changedAt }) => now - changedAt > settlingMs)
    .map(({ id, state }) => `${id} is still ${state}`);

/** I4: a request is answered, and no two requests drive the same attempt or movement. */
export const answered: Check = ({ requests }, _, { now, settlingMs }) => {
  const subjects = requests.map(({ subject }) => subject).filter((subject) => subject !== null);
  const twice = subjects.filter((subject, index) => subjects.indexOf(subject) !== index);
  const open = requests.filter(({ lease_until }) => lease_until !== null && now - lease_until > settlingMs);
  return [
    ...twice.map((subject) => `two requests drive ${subject}`),
    ...open.map(({ scope }) => `the request ${scope} was never answered`),
  ];
};

/** I5: the journal of each attempt and movement is one path along declared edges, and ends where the row is. */
export const monotone: Check = ({ journal }, { attempts, movements }) => {
  const wander = (id: string, state: string, edges: Edges): string[] => {
    const path = journal.filter(({ subject }) => subject === id);
    let at: string | null = null;
    for (const { from, to } of path) {
      if (from !== at) return [`the journal of ${id} goes on from ${String(from)}, not from ${String(at)}`];
      if (from !== null && edges[from]?.includes(to) !== true) return [`${id} went from ${from} to ${to}`];
      at = to;
    }
    return at === state ? [] : [`${id} is ${state}, its journal says ${String(at)}`];
  };
  return [
    ...attempts.flatMap(({ id, state }) => wander(id, state, attemptTransitions)),
    ...movements.flatMap(({ id, state }) => wander(id, state, movementTransitions)),
  ];
};

/** The order's state that each payment state goes with; a quarantined payment leaves the order where it was. */
const goesWith: Readonly<Record<PaymentState, readonly OrderState[]>> = {
  open: ['pending'],
  trying: ['pending'],
  requires_action: ['pending'],
  authorized: ['authorized', 'held'],
  captured: ['captured'],
  canceled: ['canceled'],
  quarantined: Object.keys(orderTransitions) as OrderState[],
};

/** I5: checkout, order and payment tell the same story, and nobody is told of money that no attempt brought. */
export const agreed: Check = ({ purchase: { checkout } }, { order, payment, attempts }) => {
  const paid = ['authorized', 'held', 'captured'].includes(order.state);
  const over = ['authorized', 'captured'].includes(payment.state);
  return [
    ...(goesWith[payment.state].includes(order.state)
      ? []
      : [`the payment is ${payment.state} and the order ${order.state}`]),
    ...(over && checkout.state !== 'completed'
      ? [`the payment is ${payment.state} and the checkout ${checkout.state}`]
      : []),
    ...(paid && !attempts.some(({ state }) => state === 'authorized')
      ? [`the order is ${order.state} and no attempt was authorised`]
      : []),
  ];
};

/** What everybody has to be told once an order is in a state. */
const toldAs: Readonly<Record<OrderState, string>> = {
  pending: 'order.created',
  authorized: 'order.authorized',
  held: 'order.held',
  captured: 'order.captured',
  canceled: 'order.canceled',
};

/** I6: the order's events are numbered 1, 2, 3 … up to its count, each once, and tell its state. */
export const told: Check = ({ events }, { order }) => {
  const numbers = events.map(({ sequence }) => sequence);
  const whole = numbers.every((number, index) => number === index + 1);
  const ids = new Set(events.map(({ id }) => id));
  return [
    ...(whole ? [] : [`the events of ${order.id} are numbered ${numbers.join(', ')}`]),
    ...(numbers.length === order.eventCount
      ? []
      : [`${order.id} counts ${order.eventCount} events and has ${numbers.length}`]),
    ...(ids.size === events.length ? [] : [`two events of ${order.id} have one id`]),
    ...(events.some(({ type }) => type === toldAs[order.state])
      ? []
      : [`the order is ${order.state} and no event says so`]),
  ];
};

/** I7: the postings add up to what was captured and refunded, and every movement of money has its own. */
export const conserved: Check = ({ postings: all }, { order, payment, movements }) => {
  // What issuers hold back in disputes is no movement of ours.
  const postings = all.filter(({ cause }) => !cause.startsWith('dsp_'));
  const money = movements.filter(({ kind }) => kind === 'capture' || kind === 'refund');
  const strays = new Set<string>(movements.filter(({ stray }) => stray).map(({ id }) => id));
  const kept = postings.filter(({ cause }) => !strays.has(cause));
  const net = (some: typeof postings): bigint =>
    some.reduce((sum, { debit, amount }) => (debit.startsWith('psp:') ? sum + amount : sum - amount), 0n);

  const wrong = money.filter(({ id, kind, state, amount }) => {
    const own = postings.filter(({ cause }) => cause === id);
    const moved = state === 'succeeded' ? amount.amount : 0n;
    return (
      net(own) !== (kind === 'capture' ? moved : -moved) ||
      own.some(({ currency }) => currency !== amount.currency)
    );
  });
  const counted = payment.captured - payment.refunded;
  return [
    ...wrong.map(({ id, kind, state }) => `the postings of the ${kind} ${id}, ${state}, are not its amount`),
    ...(postings.every(({ debit, credit }) => debit.startsWith('psp:') !== credit.startsWith('psp:'))
      ? []
      : ['a posting is not between a PSP and the sales']),
    ...(net(kept) === counted ? [] : [`the postings add up to ${net(kept)}, the payment to ${counted}`]),
    ...(kept.every(({ currency }) => currency === order.total.currency)
      ? []
      : ['a posting is in another currency']),
  ];
};
