/** What the service tells the other systems, as it happens. */
import { h, showTime } from '/web/page.js';
import { get } from '/console/api.js';
import { link } from '/console/parts.js';

const lookMs = 2_000;
const shownMax = 200;
const pageMax = 999;

const viewOf = { order: 'orders', assessment: 'assessments' };

export function showEvents(_id, signal) {
  const body = h('tbody');
  const said = h('p', { class: 'quiet small', role: 'status' }, 'Reading …');
  const pause = h('button', { class: 'plain', 'aria-pressed': 'false', onclick: toggle }, 'Pause');
  const type = h('input', { type: 'search', placeholder: 'payment.declined', oninput: filter });
  let isPaused = false;
  let next = null;

  function toggle() {
    isPaused = !isPaused;
    pause.setAttribute('aria-pressed', String(isPaused));
  }

  function filter() {
    const wanted = type.value.trim().toLowerCase();
    for (const row of body.children) row.hidden = !row.dataset.type.includes(wanted);
  }

  /** The list begins with the oldest: everything is read through once, and the last ones are kept. */
  async function readOn() {
    for (;;) {
      const page = await get(`/v1/events?limit=${pageMax}${next === null ? '' : `&after=${next}`}`);
      next = page.next;
      body.prepend(...page.events.slice(-shownMax).reverse().map(row));
      while (body.children.length > shownMax) body.lastElementChild.remove();
      if (page.events.length > 0) filter();
      if (page.events.length < pageMax || signal.aborted) return;
    }
  }

  async function follow() {
    while (!signal.aborted) {
      if (!isPaused && !document.hidden) {
        await readOn()
          .then(() => (said.textContent = `The last ${body.children.length} events, newest first.`))
          .catch((error) => (said.textContent = error.message));
      }
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }

  void follow();
  const head = ['Time', 'Event', 'About', 'No.', 'Data'].map((name) => h('th', { scope: 'col' }, name));
  const content = [
    h('div', { class: 'row' }, h('label', {}, 'Only events whose type has', type), pause),
    said,
    h('div', { class: 'card scroll' }, h('table', {}, h('thead', {}, h('tr', {}, ...head)), body)),
  ];
  return { title: 'Events', content };
}

function row({ type, at, aggregate, sequence, data }) {
  const view = viewOf[aggregate.type];
  return h(
    'tr',
    { 'data-type': type },
    h('td', {}, showTime(at)),
    h('td', {}, h('code', {}, type)),
    h('td', {}, view ? link(view, aggregate.id) : h('span', { class: 'mono' }, aggregate.id)),
    h('td', {}, String(sequence)),
    h('td', {}, h('details', {}, h('summary', {}, 'Show'), h('pre', {}, JSON.stringify(data, null, 2)))),
  );
}
