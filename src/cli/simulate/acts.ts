import type { RefundReason } from '../../domain/payment/movement.ts';
import { isRefusal } from '../../domain/refusal.ts';
import type { RequestKind } from '../../domain/request.ts';
import { approveReview } from '../../flows/approve-review.ts';
import { askOnRead } from '../../flows/ask-on-read.ts';
import { cancelCheckout } from '../../flows/cancel-checkout.ts';
import { cancelOrder } from '../../flows/cancel-order.ts';
import { captureOrder } from '../../flows/capture-order.ts';
import { completeAction } from '../../flows/complete-action.ts';
import { confirmCheckout } from '../../flows/confirm-checkout.ts';
import { createCheckout } from '../../flows/create-checkout.ts';
import { incrementOrder } from '../../flows/increment-order.ts';
import { refundOrder } from '../../flows/refund-order.ts';
import { rejectReview } from '../../flows/reject-review.ts';
import { updateCheckout } from '../../flows/update-checkout.ts';
import { dayMs, minuteMs, secondMs } from '../../kernel/instant.ts';
import { type Currency, type Money, money } from '../../kernel/money.ts';
import { type Ask, type Client, someOf } from './client.ts';
import { anyMethod } from './methods.ts';
import type { Random } from './random.ts';
import { type View, viewOf } from './render.ts';
import type { World } from './world.ts';

/** What a shop last saw of a purchase. */
const seen = ['open', 'waiting', 'action', 'authorized', 'held', 'captured', 'over'] as const;

type Act = (shop: Shop, view: View) => Promise<View | null>;

export type Shop = { readonly world: World; readonly client: Client; readonly random: Random };

/** What a buyer and a shop may do, and how often beside the rest, by what they saw last. Much of it comes too late. */
// prettier-ignore
export const acts: readonly (readonly [name: string, often: readonly number[], act: Act])[] = [
  //                       open waiting action authorized held captured over
  ['confirm',               [14,      1,     1,         1,   0,       0,   1], confirm],
  ['confirm in two tabs',   [ 2,      0,     1,         0,   0,       0,   0], together(confirm, confirm)],
  ['change the amount',     [ 2,      1,     2,         0,   0,       0,   0], changeAmount],
  ['give up',               [ 1,      1,     2,         1,   0,       0,   0], plain('cancel_checkout', cancelCheckout)],
  ['come back from 3DS',    [ 0,      1,     9,         1,   0,       1,   1], comeBack],
  ['capture',               [ 1,      1,     1,         5,   1,       1,   1], capture('all')],
  ['capture a part',        [ 0,      0,     0,         5,   0,       0,   0], capture('a part')],
  ['capture the last part', [ 0,      0,     0,         2,   0,       0,   0], capture('the last part')],
  ['void',                  [ 1,      1,     1,         2,   1,       1,   1], plain('cancel_order', cancelOrder)],
  ['capture and void',      [ 0,      0,     0,         2,   0,       0,   0], together(capture('all'), plain('cancel_order', cancelOrder))],
  ['raise',                 [ 0,      0,     0,         2,   0,       0,   0], raise],
  ['refund',                [ 0,      0,     0,         1,   0,       2,   1], refund('all')],
  ['refund a part',         [ 0,      0,     0,         1,   0,       5,   0], refund('a part')],
  ['refund in two tabs',    [ 0,      0,     0,         0,   0,       2,   0], together(refund('all'), refund('a part'))],
  ['approve the review',    [ 0,      0,     0,         0,   6,       0,   0], approve],
  ['reject the review',     [ 0,      0,     0,         0,   3,       0,   0], plain('reject_review', rejectReview)],
  ['look',                  [ 1,      6,     2,         1,   1,       1,   1], look],
];

/** One visit: a checkout, and what becomes of it as long as somebody cares. */
export async function visit(shop: Shop): Promise<View | null> {
  const { random, world } = shop;
  let view = await create(shop);
  for (let left = random.between(2, 9); left > 0 && view !== null; left -= 1) {
    await world.steps.sleep(gapMs(random));
    const place = seen.indexOf(seenIn(view));
    const [name, , act] = random.weighted(acts.map((each) => [each[1][place] ?? 0, each] as const));
    world.note(view.checkoutId, `${seenIn(view)}: ${name}`);
    view = (await act(shop, view)) ?? view;
  }
  return view;
}

function seenIn({ checkout, order }: View): (typeof seen)[number] {
  if (checkout === 'canceled' || checkout === 'expired' || order === 'canceled') return 'over';
  if (checkout === 'processing') return 'waiting';
  if (checkout === 'requires_action') return 'action';
  return order === 'authorized' || order === 'held' || order === 'captured' ? order : 'open';
}

/** How long until somebody does something next. */
function gapMs(random: Random): number {
  const [least, most] = random.weighted([
    [70, [secondMs, 30 * secondMs]],
    [24, [minuteMs, 15 * minuteMs]],
    [5, [15 * minuteMs, 5 * 60 * minuteMs]],
    [1, [dayMs, 9 * dayMs]],
  ] as const);
  return random.between(least, most);
}

function create({ client, random }: Shop): Promise<View | null> {
  const ask = {
    total: eur(random.between(200, 20_000)),
    captureMode: random.chance(0.4) ? ('automatic' as const) : ('manual' as const),
    ...(random.chance(0.1) ? { captureAfterMs: random.between(1, 120) * minuteMs } : {}),
    buyer: {},
    metadata: {},
    clientSecret: { secret: 'secret', hash: 'hash' },
  };
  return client.send({
    kind: 'create_checkout',
    resource: '',
    body: ask,
    flow: (deps, request) => createCheckout(deps, { ...ask, request }),
  });
}

function confirm({ client, random }: Shop, { checkoutId }: View): Promise<View | null> {
  const body = { method: anyMethod(random) };
  return client.send({
    kind: 'confirm_checkout',
    resource: checkoutId,
    body,
    flow: (deps, request) =>
      confirmCheckout(deps, { request, checkoutId, ...body, initiator: 'buyer', signals: {} }),
  });
}

function changeAmount({ client, random }: Shop, { checkoutId }: View): Promise<View | null> {
  const edit = { total: eur(random.between(200, 20_000)) };
  return client.send({
    kind: 'update_checkout',
    resource: checkoutId,
    body: edit,
    flow: (deps, request) => updateCheckout(deps, { request, checkoutId, edit }),
  });
}

/** From the issuer's page: with an answer or without one, once or twice; or not at all, and only the PSP knows. */
async function comeBack({ client, world, random }: Shop, view: View): Promise<View | null> {
  const { attempt, checkoutId } = view;
  if (attempt === undefined) return null;
  const brought = random.chance(0.85)
    ? world.standIns.authenticate(attempt.psp, attempt.reference, random.chance(0.75))
    : {};
  const times = random.weighted([
    [2, 0],
    [7, 1],
    [2, 2],
  ]);
  const returns = Array.from({ length: times }, () =>
    client.read(async (deps) => {
      const returned = await completeAction(deps, { merchantId: world.merchantId, checkoutId, brought });
      return isRefusal(returned) ? null : viewOf(returned);
    }),
  );
  return (await Promise.all(returns))[0] ?? null;
}

type Part = 'all' | 'a part' | 'the last part';

function capture(part: Part): Act {
  return ({ client, random }, { checkoutId, payment }) => {
    const left = (payment?.authorized ?? 0) - (payment?.captured ?? 0);
    const body = part === 'all' ? {} : { amount: eur(someOf(random, left)), final: part === 'the last part' };
    return client.send({
      kind: 'capture_order',
      resource: checkoutId,
      body,
      flow: (deps, request) => captureOrder(deps, { request, checkoutId, ...body }),
    });
  };
}

function refund(part: Part): Act {
  return ({ client, random }, { checkoutId, payment }) => {
    const left = (payment?.captured ?? 0) - (payment?.refunded ?? 0);
    const reason: RefundReason = random.pick(['requested_by_customer', 'duplicate', 'fraudulent', 'other']);
    const body = { reason, ...(part === 'all' ? {} : { amount: eur(someOf(random, left)) }) };
    return client.send({
      kind: 'refund_order',
      resource: checkoutId,
      body,
      flow: (deps, request) => refundOrder(deps, { request, checkoutId, ...body }),
    });
  };
}

function raise({ client, random }: Shop, { checkoutId }: View): Promise<View | null> {
  const body = { amount: eur(random.between(1, 3_000)) };
  return client.send({
    kind: 'increment_order',
    resource: checkoutId,
    body,
    flow: (deps, request) => incrementOrder(deps, { request, checkoutId, ...body }),
  });
}

function approve({ client }: Shop, { checkoutId }: View): Promise<View | null> {
  return client.send({
    kind: 'approve_review',
    resource: checkoutId,
    body: {},
    flow: (deps, request) => approveReview(deps, { request, checkoutId, by: 'an analyst' }),
  });
}

/** A request that says no more than which purchase it is about. */
function plain(
  kind: RequestKind,
  flow: (
    deps: Parameters<Ask['flow']>[0],
    ask: { request: Parameters<Ask['flow']>[1]; checkoutId: View['checkoutId'] },
  ) => ReturnType<Ask['flow']>,
): Act {
  return ({ client }, { checkoutId }) =>
    client.send({
      kind,
      resource: checkoutId,
      body: {},
      flow: (deps, request) => flow(deps, { request, checkoutId }),
    });
}

/** At the same moment, with a key each. */
function together(one: Act, other: Act): Act {
  return async (shop, view) => {
    const [first, second] = await Promise.all([one(shop, view), other(shop, view)]);
    return first ?? second;
  };
}

function look({ client, world }: Shop, { checkoutId }: View): Promise<View | null> {
  return client.read(async (deps) => {
    const found = await deps.store.purchases.find(world.merchantId, checkoutId);
    return found && viewOf(await askOnRead(deps, found));
  });
}

function eur(amount: number | bigint): Money {
  return money(BigInt(amount), 'EUR' as Currency);
}
