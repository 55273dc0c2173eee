/** The orders that are authorised and held until a person decides: the money follows the decision. */
import { h, showMoney, showTime, tag } from '/web/page.js';
import { get, post } from '/console/api.js';
import { link, nothing, verdict } from '/console/parts.js';

export async function showReviews(_id, signal) {
  const { reviews } = await get('/v1/reviews');
  const said = h('p', { role: 'status' });
  const list = h('ul', { class: 'plain' }, ...reviews.map((review) => card(review, said, signal)));
  const none = reviews.length === 0 ? nothing('Nothing waits for a decision.') : null;
  return { title: 'Reviews', content: [said, none, list].filter(Boolean) };
}

function card({ id, assessment, order }, said, signal) {
  const total = showMoney(order.amount, order.currency);
  const why = h('div', { 'aria-live': 'polite' }, nothing('Reading why …'));
  const buttons = h(
    'div',
    { class: 'row' },
    h('button', { onclick: () => decide('approve') }, 'Approve'),
    h('button', { class: 'bad', onclick: async () => (await isSure(total)) && decide('reject') }, 'Reject'),
  );
  const node = h(
    'li',
    { class: 'card', 'data-review': id },
    h(
      'div',
      { class: 'row spread' },
      h('h2', {}, total, ' ', h('span', { class: 'quiet small' }, `since ${showTime(order.created_at)}`)),
      link('orders', order.id),
    ),
    why,
    buttons,
  );

  async function decide(verb) {
    for (const button of buttons.children) button.disabled = true;
    try {
      const { status } = await post(`/v1/reviews/${id}/${verb}`);
      const done = verb === 'approve' ? 'Approved' : 'Rejected';
      said.replaceChildren(`${done}: the order of ${total} is `, tag(status), ' ', link('orders', order.id));
      node.remove();
    } catch (error) {
      why.replaceChildren(h('p', { class: 'wrong', role: 'alert' }, error.message));
      for (const button of buttons.children) button.disabled = false;
    }
  }

  explain(assessment, why, signal);
  return node;
}

async function explain(id, place, signal) {
  const found = await get(`/v1/assessments/${id}`).catch((error) => ({ error }));
  if (signal.aborted) return;
  if (found.error) return place.replaceChildren(nothing(found.error.message));
  const reasons = found.reasons.slice(0, 4).map(({ text }) => h('li', {}, text));
  place.replaceChildren(
    h('p', { class: 'row' }, verdict(found), h('a', { href: `#/assessments/${id}` }, 'See all of it')),
    h('ul', {}, ...reasons),
  );
}

/** Releasing the money cannot be taken back, so it is asked once more. */
function isSure(total) {
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'sure' },
    h('h2', { id: 'sure' }, `Reject the order of ${total}?`),
    h('p', {}, 'The reserved money is released and the order is canceled. That cannot be undone.'),
    h(
      'form',
      { method: 'dialog', class: 'row' },
      h('button', { class: 'bad', value: 'reject' }, 'Reject the order'),
      h('button', { class: 'plain', value: '' }, 'Keep it'),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'reject');
    });
  });
}
