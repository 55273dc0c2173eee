/** Where the buyer ends up: what became of the order, as the shop's own server knows it. */
import { byId, facts, h, showMoney, showTime, tag } from '/web/page.js';
import { writeBasket } from '/demo/basket.js';

const checkoutId = new URLSearchParams(location.search).get('checkout') ?? '';
const publishableKey = document.querySelector('meta[name=publishable-key]').content;

const headlines = {
  captured: ['Thank you, your order is paid', 'The money has been captured, once.'],
  authorized: ['Thank you, your order is placed', 'The money is reserved and will be captured later.'],
  held: ['Thank you, we are checking your order', 'The money is reserved; a person decides in the console.'],
  canceled: ['Your order was canceled', 'The reserved money has been released.'],
  declined: ['The payment did not go through', 'Nothing was charged.'],
  blocked: ['We cannot accept this order', 'The shop’s policy said no. Nothing was charged.'],
  processing: [
    'Waiting for the PSP',
    'Nobody has heard yet what became of the payment. It settles by itself.',
  ],
  requires_action: ['Your bank has not confirmed yet', 'The payment waits for 3-D Secure.'],
};

function stateOf({ checkout }) {
  if (checkout.order && checkout.order.status !== 'pending') return checkout.order.status;
  if (checkout.status !== 'open') return checkout.status;
  return checkout.decline ? 'declined' : 'blocked';
}

function show(seen) {
  const { checkout, events } = seen;
  const { order, payment, assessment } = checkout;
  const state = stateOf(seen);
  const [headline, explained] = headlines[state] ?? [`The checkout is ${state}`, ''];
  if (byId('headline').textContent !== headline) byId('headline').textContent = headline;
  byId('explained').textContent = explained;
  byId('again').hidden = state !== 'declined';
  byId('order').replaceChildren(
    ...facts({
      Order: order && h('a', { href: `/console#/orders/${order.id}`, class: 'mono' }, order.id),
      Status: order && tag(order.status),
      Total: showMoney(checkout.amount, checkout.currency),
      Authorised: payment && showMoney(payment.authorized, payment.currency),
      Captured: payment && showMoney(payment.captured, payment.currency),
      PSP: payment?.psp && `${payment.psp} (stand-in)`,
      'PSP reference': payment?.psp_reference && h('span', { class: 'mono' }, payment.psp_reference),
      Decline: checkout.decline?.code.replaceAll('_', ' '),
    }),
  );
  byId('risk').replaceChildren(...riskOf(assessment));
  byId('events').replaceChildren(...events.map(eventRow));
  return ['captured', 'canceled', 'declined', 'blocked'].includes(state);
}

function riskOf(assessment) {
  if (!assessment) return [h('p', { class: 'quiet' }, 'There is none yet.')];
  const { decision, score, reasons } = assessment;
  return [
    h('p', { class: 'row' }, tag(decision), score === null ? 'no score' : `score ${score.toFixed(3)}`),
    h('ul', {}, ...reasons.map(({ text }) => h('li', {}, text))),
    h('a', { href: `/console#/assessments/${assessment.id}` }, 'Open it in the console'),
  ];
}

const eventRow = ({ type, at, aggregate, sequence }) =>
  h(
    'tr',
    {},
    h('td', {}, showTime(at)),
    h('td', {}, h('code', {}, type)),
    h('td', { class: 'mono' }, aggregate.id),
    h('td', { class: 'number' }, String(sequence)),
  );

/** Events still come after the buyer is done, so the page goes on asking, only slower. */
async function follow() {
  const answer = await fetch(`/demo/orders/${checkoutId}`).catch(() => null);
  if (answer?.status === 404) {
    byId('headline').textContent = 'There is no such order';
    return;
  }
  const isOver = answer?.ok && show(await answer.json());
  setTimeout(() => void follow(), isOver ? 5_000 : 1_000);
}

const kept = JSON.parse(sessionStorage.getItem('demo:checkout') ?? 'null');
const clientSecret = kept?.id === checkoutId ? kept.clientSecret : undefined;
void follow();
const { outcome } = await window.Tillgate.resume({ publishableKey, checkoutId, clientSecret });
if (outcome === 'paid') {
  sessionStorage.removeItem('demo:checkout');
  writeBasket([]);
}
