/** What one buyer, card, device or address did: every assessment that saw it, the newest first. */
import { h, showTime, tag } from '/web/page.js';
import { get } from '/console/api.js';
import { link, nothing, table } from '/console/parts.js';

/** The kinds that the API finds assessments by. */
export const tracedKinds = ['account', 'email', 'card', 'device', 'ip', 'address'];

const turnedOut = new Map([
  [true, 'fraud'],
  [false, 'good'],
]);

export async function showTrace(entity) {
  const [kind, key] = entity.split('.');
  const rows = [];
  const list = h('div', { class: 'card' });
  const more = h('button', { class: 'plain', onclick: () => void readOn() }, 'Show older ones');
  let next = null;

  async function readOn() {
    const after = next === null ? '' : `&after=${next}`;
    const page = await get(`/v1/assessments?kind=${kind}&key=${encodeURIComponent(key)}${after}`);
    next = page.next;
    more.hidden = next === null;
    rows.push(...page.assessments.map(row));
    const columns = [
      'Made',
      'Event',
      'Decision',
      { name: 'Risk', number: true },
      'Why',
      'Turned out',
      'Order',
    ];
    list.replaceChildren(rows.length === 0 ? nothing('Nothing is known of it.') : table(columns, rows));
  }

  await readOn();
  return { title: `What this ${kind} did`, content: [h('p', { class: 'mono' }, key), list, more] };
}

function row({ id, created_at, event, decision, score, reasons, fraud, order }) {
  return [
    h('a', { href: `#/assessments/${id}` }, showTime(created_at)),
    event.replaceAll('_', ' '),
    tag(decision),
    score === null ? null : `${(score * 100).toFixed(1)} %`,
    reasons[0]?.text,
    turnedOut.get(fraud),
    order && link('orders', order),
  ];
}
