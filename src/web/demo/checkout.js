/** A storefront's checkout page: its server creates the checkout, and the drop-in pays it. */
import { byId, h, showMoney } from '/web/page.js';
import { productOf, readBasket, writeBasket } from '/demo/basket.js';

const cards = [
  ['pm_card_visa', 'Succeeds', 'Visa 4242'],
  ['pm_card_threeDSecure2Required', '3-D Secure', 'the bank asks you to confirm'],
  ['pm_card_chargeDeclined', 'Declined', 'the issuer says no'],
  ['pm_card_chargeDeclinedInsufficientFunds', 'Insufficient funds', 'declined, and it says why'],
  [
    'pm_sandbox_timeoutAfterCharge',
    'Unknown outcome',
    'the PSP charges but never answers; it settles by itself, once',
  ],
];

const declines = {
  insufficient_funds: 'There is not enough money on this card.',
  expired_card: 'The card has expired.',
};

const form = byId('form');
const publishableKey = document.querySelector('meta[name=publishable-key]').content;

byId('cards').append(
  ...cards.map(([token, name, text], index) =>
    h(
      'label',
      { class: 'choice' },
      h('input', { type: 'radio', name: 'card', value: token, checked: index === 0 }),
      h('span', {}, h('strong', {}, name), h('br'), h('span', { class: 'quiet' }, text)),
    ),
  ),
);
// A buyer of his own for every tab: the fourth order of one address within a day is a reason to look twice.
const buyer = { name: 'Ada Buyer', line1: 'Hauptstrasse 5', city: 'Berlin', postal_code: '10115' };
const known = JSON.parse(sessionStorage.getItem('demo:buyer') ?? 'null');
const fresh = { ...buyer, email: `ada.${Math.random().toString(36).slice(2, 8)}@example.com` };
for (const [name, value] of Object.entries(known ?? fresh)) form.elements[name].value = value;

function showBasket() {
  const ids = readBasket();
  const total = ids.reduce((sum, id) => sum + productOf(id).amount, 0);
  form.hidden = ids.length === 0;
  byId('empty').hidden = ids.length > 0;
  byId('lines').replaceChildren(...ids.map(line));
  byId('total').textContent = showMoney(total, 'EUR');
  byId('pay').textContent = `Pay ${showMoney(total, 'EUR')}`;
}

function line(id, index) {
  const { name, amount } = productOf(id);
  const remove = () => {
    writeBasket(readBasket().filter((_, each) => each !== index));
    showBasket();
  };
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, name),
    h('td', { class: 'number' }, showMoney(amount, 'EUR')),
    h(
      'td',
      { class: 'number' },
      h('button', { type: 'button', class: 'plain', 'aria-label': `Remove ${name}`, onclick: remove }, '×'),
    ),
  );
}

/** The checkout of this basket and buyer: the same one for the next card, so that it can never be paid twice. */
async function checkoutFor(order) {
  const wanted = JSON.stringify(order);
  const kept = JSON.parse(sessionStorage.getItem('demo:checkout') ?? 'null');
  if (kept?.wanted === wanted) return kept;
  const answer = await fetch('/demo/checkouts', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: wanted,
  });
  const made = await answer.json();
  if (!answer.ok) throw new Error(made.detail ?? made.title);
  const checkout = { wanted, id: made.id, clientSecret: made.client_secret };
  sessionStorage.setItem('demo:checkout', JSON.stringify(checkout));
  return checkout;
}

function say(text, isWrong = false) {
  byId('said').textContent = text;
  byId('said').classList.toggle('wrong', isWrong);
}

async function pay() {
  const { card, ...person } = Object.fromEntries(new FormData(form));
  sessionStorage.setItem('demo:buyer', JSON.stringify(person));
  const ids = readBasket();
  const checkout = await checkoutFor({ items: ids, ...person });
  const digital = ids.filter((id) => productOf(id).digital).length;
  const {
    outcome,
    checkout: after,
    problem,
  } = await window.Tillgate.pay({
    publishableKey,
    checkoutId: checkout.id,
    clientSecret: checkout.clientSecret,
    paymentMethod: card,
    signals: { basket: { item_count: ids.length, digital_share: digital / ids.length } },
  });
  if (outcome === 'declined') return say(declines[after.decline.code] ?? 'The card was declined.', true);
  if (outcome === 'refused') return say(`${problem.title}. ${problem.detail ?? ''}`, true);
  if (outcome === 'leaving') return say('Off to your bank …');
  // What is pending may still be declined, and then another card pays this very checkout.
  if (outcome !== 'pending') sessionStorage.removeItem('demo:checkout');
  if (outcome === 'paid') writeBasket([]);
  location.assign(`/demo/return?checkout=${checkout.id}`);
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  byId('pay').disabled = true;
  say('Paying …');
  pay()
    .catch((error) => say(error.message, true))
    .finally(() => (byId('pay').disabled = false));
});

showBasket();
