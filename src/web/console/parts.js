/** What several views show alike. */
import { h, tag } from '/web/page.js';

/** A table: `columns` are names, or `{ name, number: true }`; rows hold nodes and texts. */
export function table(columns, rows) {
  const all = columns.map((column) => (typeof column === 'string' ? { name: column } : column));
  const kind = (index) => (all[index].number ? { class: 'number' } : {});
  const head = all.map(({ name }, index) => h('th', { scope: 'col', ...kind(index) }, name));
  const body = rows.map((cells) =>
    h('tr', {}, ...cells.map((cell, index) => h('td', kind(index), cell ?? '–'))),
  );
  return h(
    'div',
    { class: 'scroll' },
    h('table', {}, h('thead', {}, h('tr', {}, ...head)), h('tbody', {}, ...body)),
  );
}

export const section = (title, ...content) => h('section', { class: 'card' }, h('h2', {}, title), ...content);

export const link = (view, id) => h('a', { class: 'mono', href: `#/${view}/${id}` }, id);

export const nothing = (text) => h('p', { class: 'quiet' }, text);

/** A decision with its score. */
export function verdict({ decision, score }) {
  const told = score === null ? 'no score' : `${(score * 100).toFixed(1)} % risk`;
  return h('span', { class: 'row' }, tag(decision), told);
}
