/** One box for every id: it knows what an id is of. */
import { h } from '/web/page.js';

/** A checkout and a review have the same second half as their order. */
const viewOf = { ord: 'orders', chk: 'orders', rev: 'orders', asm: 'assessments', pay: 'payments' };

export function showLookup() {
  const said = h('p', { role: 'alert', class: 'wrong small' });
  const form = h(
    'form',
    { class: 'card', onsubmit: open },
    h(
      'label',
      {},
      'Id of an order, checkout, review, payment or assessment',
      h('input', { name: 'id', class: 'mono', required: true, autocomplete: 'off', placeholder: 'ord_…' }),
    ),
    h('button', {}, 'Look up'),
    said,
  );

  function open(event) {
    event.preventDefault();
    const id = new FormData(form).get('id').trim();
    const [kind, rest] = id.split('_');
    const view = viewOf[kind];
    if (view === undefined) said.textContent = 'An id begins with ord_, chk_, rev_, pay_ or asm_.';
    else location.hash = `#/${view}/${view === 'orders' ? `ord_${rest}` : id}`;
  }

  return { title: 'Look up', content: [form] };
}
