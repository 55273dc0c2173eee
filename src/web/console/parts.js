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

/** A form whose fields make the body of a call; what `send` answers, or why it could not, is said below. */
export function form(action, fields, send) {
  const said = h('p', { role: 'status', class: 'small' });
  const node = h('form', { onsubmit: submit }, ...fields, h('button', {}, action), said);
  async function submit(event) {
    event.preventDefault();
    const filled = [...new FormData(node)].map(([name, text]) => [name, text.trim()]);
    const body = Object.fromEntries(filled.filter(([, text]) => text !== ''));
    if (body.expires_at) body.expires_at = new Date(body.expires_at).toISOString();
    try {
      said.textContent = await send(body);
      said.classList.remove('wrong');
      node.reset();
    } catch (error) {
      said.textContent = error.message;
      said.classList.add('wrong');
    }
  }
  return node;
}

export const untilField = (title, required) =>
  h('label', {}, title, h('input', { name: 'expires_at', type: 'datetime-local', required }));

/** Shows content over the page until its form is sent or it is closed. */
export function openDialog(title, ...content) {
  const close = h('button', { class: 'plain', onclick: () => dialog.close() }, 'Close');
  const dialog = h('dialog', { 'aria-labelledby': 'dialog', onclose: () => dialog.remove() });
  dialog.append(h('h2', { id: 'dialog' }, title), ...content, close);
  document.body.append(dialog);
  dialog.showModal();
}
