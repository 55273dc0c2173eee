/** Who is on a block, allow or watch list; since when, until when, why, and who said so. */
import { h, showTime, tag } from '/web/page.js';
import { get, post, remove } from '/console/api.js';
import { form, nothing, section, table, untilField } from '/console/parts.js';

export async function showLists(name) {
  if (name !== '') return showList(name);
  const { lists } = await get('/v1/lists');
  const rows = lists.map((each) => [
    h('a', { href: `#/lists/${each.name}` }, each.name),
    tag(each.kind),
    each.text,
    h('code', {}, each.of),
    String(each.entries),
  ]);
  const columns = ['List', 'Kind', 'What it is for', 'Holds', { name: 'Entries', number: true }];
  return { title: 'Lists', content: [h('div', { class: 'card' }, table(columns, rows))] };
}

async function showList(name) {
  const path = `/v1/lists/${name}/entries`;
  const { lists } = await get('/v1/lists');
  const list = lists.find((each) => each.name === name);
  if (list === undefined) return showLists('');
  const held = `Value (${list.of})`;
  const place = h('div');
  const refresh = async () => place.replaceChildren(await entries(path, refresh));

  const value = h('input', { name: 'value', required: true, autocomplete: 'off', spellcheck: 'false' });
  const add = form(
    'Put on the list',
    [
      h('label', {}, held, value),
      h('label', {}, 'Why', h('input', { name: 'reason', required: true, maxlength: 500 })),
      untilField('Until (for ever when empty)', false),
    ],
    async (body) => {
      await post(path, body);
      await refresh();
      return 'It is on the list.';
    },
  );
  const find = form(
    'Find',
    [h('label', {}, held, h('input', { name: 'value', required: true, autocomplete: 'off' }))],
    async (body) => {
      const { added_at, reason, status } = await post(`${path}/find`, body);
      return `It is on the list since ${showTime(added_at)} (${status}): ${reason}`;
    },
  );
  await refresh();
  const forms = h('div', { class: 'columns' }, section('Add', add), section('Is it there?', find));
  return {
    title: `List ${name}`,
    content: [h('p', { class: 'quiet' }, list.text), forms, section('Entries', place)],
  };
}

async function entries(path, refresh) {
  const { entries: all } = await get(path);
  if (all.length === 0) return nothing('The list is empty.');
  return entryTable(
    'Pseudonym',
    all,
    (each) => h('code', {}, each.key),
    async ({ id }) => {
      await remove(`${path}/${id}`);
      await refresh();
    },
  );
}

/** Entries of a list, or snoozes: what was said, and a button to take it back. */
export function entryTable(what, all, show, takeBack) {
  const rows = all.map((each) => [
    show(each),
    tag(each.status),
    each.reason,
    showTime(each.added_at),
    each.expires_at && showTime(each.expires_at),
    h('span', { class: 'mono' }, (each.removed_by ?? each.added_by).slice(-6)),
    each.status === 'removed'
      ? showTime(each.removed_at)
      : h('button', { class: 'plain', onclick: () => takeBack(each) }, 'Remove'),
  ]);
  return table([what, 'Status', 'Why', 'Added', 'Until', 'By key', 'Removed'], rows);
}
