/** One decision with everything it was made from. */
import { facts, h, showTime, tag } from '/web/page.js';
import { get, post } from '/console/api.js';
import { form, nothing, openDialog, section, table, untilField } from '/console/parts.js';
import { tracedKinds } from '/console/trace.js';

export async function showAssessment(id) {
  const found = await get(`/v1/assessments/${id}`);
  const columns = h('div', { class: 'columns' }, decided(found), rules(found));
  const content = [
    columns,
    contributions(found),
    features(found),
    who(found),
    versions(found),
    shadows(found),
  ];
  return { title: `Assessment ${id}`, content: content.filter(Boolean) };
}

function decided({ decision, score, event, created_at, exemptions, degraded, reasons }) {
  const words = (list) => (list.length === 0 ? undefined : list.join(', ').replaceAll('_', ' '));
  return section(
    'Decision',
    h(
      'p',
      { class: 'row' },
      h('span', { class: 'score' }, score === null ? '–' : `${(score * 100).toFixed(1)} %`),
      tag(decision),
    ),
    h(
      'dl',
      {},
      ...facts({
        Event: event.replaceAll('_', ' '),
        Made: showTime(created_at),
        'Exemptions asked for': words(exemptions),
        'Without these parts': words(degraded),
      }),
    ),
    h('h3', { class: 'small' }, 'Reasons'),
    h('ol', {}, ...reasons.map(({ text }) => h('li', {}, text))),
  );
}

function rules({ id, rules_fired: fired, rules_failed: failed, rules_snoozed: snoozed, entities }) {
  const list = (ids, none, more = () => null) =>
    ids.length === 0
      ? nothing(none)
      : h('ul', {}, ...ids.map((rule) => h('li', {}, h('code', {}, rule), ' ', more(rule))));
  const snooze = (rule) =>
    entities.account === undefined
      ? null
      : h('button', { class: 'link', onclick: () => openSnooze(id, rule) }, 'Snooze for this customer');
  return section(
    'Rules',
    h('h3', { class: 'small' }, 'Fired'),
    list(fired, 'No rule was true.', snooze),
    snoozed.length > 0 && h('h3', { class: 'small' }, 'Snoozed for this customer'),
    snoozed.length > 0 && list(snoozed),
    h('h3', { class: 'small' }, 'Could not be evaluated'),
    list(failed, 'All rules could be evaluated.'),
  );
}

function openSnooze(assessment, rule) {
  const fields = [
    h('label', {}, 'Why', h('input', { name: 'reason', required: true, maxlength: 500 })),
    untilField('Until', true),
  ];
  const snooze = form('Snooze the rule', fields, async (body) => {
    await post('/v1/snoozes', { rule, assessment, ...body });
    return 'The rule is silent for this customer.';
  });
  openDialog(`Snooze ${rule}`, snooze);
}

/** Whom the assessment saw, by pseudonym: enough to put them on a list, and to see what else they did. */
function who({ id, entities }) {
  const pairs = Object.fromEntries(
    Object.entries(entities).map(([kind, key]) => [
      kind,
      tracedKinds.includes(kind)
        ? h('a', { class: 'mono', href: `#/traces/${kind}.${key}` }, key)
        : h('span', { class: 'mono' }, key),
    ]),
  );
  const list = h('button', { class: 'plain', onclick: () => openListing(id) }, 'Put on a list');
  return section('Who it was, by pseudonym', h('dl', {}, ...facts(pairs)), h('p', {}), list);
}

async function openListing(assessment) {
  const { lists } = await get('/v1/lists');
  const options = lists.map(({ name, text }) => h('option', { value: name }, text));
  const fields = [
    h('label', {}, 'List', h('select', { name: 'list' }, ...options)),
    h('label', {}, 'Why', h('input', { name: 'reason', required: true, maxlength: 500 })),
    untilField('Until (for ever when empty)', false),
  ];
  const listing = form('Put on the list', fields, async ({ list, ...body }) => {
    await post(`/v1/lists/${list}/entries`, { assessment, ...body });
    return 'It is on the list.';
  });
  openDialog('Put on a list', listing);
}

/** Bars to the right raise the risk, bars to the left lower it; the longest one is half as wide as the scale. */
function contributions({ contributions: all, reasons }) {
  const most = Math.max(...all.map(({ log_odds: weight }) => Math.abs(weight)));
  const textOf = new Map(reasons.map(({ code, text }) => [code, text]));
  const rows = all.flatMap(({ feature, log_odds: weight }) => {
    const bar = h('span', { class: weight > 0 ? 'raises' : 'lowers' });
    bar.style.width = `${(Math.abs(weight) / most) * 50}%`;
    return [
      h('div', {}, textOf.get(feature) ?? '', h('br'), h('code', { class: 'quiet' }, feature)),
      h('div', { class: 'scale', 'aria-hidden': 'true' }, bar),
      h('div', { class: 'mono' }, `${weight > 0 ? '+' : ''}${weight.toFixed(2)}`),
    ];
  });
  return section(
    'What moved the score',
    h(
      'p',
      { class: 'quiet small' },
      'In log-odds: to the right what raises the risk, to the left what lowers it.',
    ),
    all.length === 0 ? nothing('The model was not asked.') : h('div', { class: 'weights' }, ...rows),
  );
}

function features({ features: all }) {
  const entries = Object.entries(all).sort(([one], [other]) => one.localeCompare(other));
  const shown = (value) =>
    value === null
      ? h('span', { class: 'quiet' }, 'unknown')
      : h('span', { class: 'mono' }, String(Number(value.toPrecision(6))));
  const rows = entries.map(([name, value]) => h('li', {}, h('code', {}, name), shown(value)));
  const name = h('input', { type: 'search', oninput: filter, placeholder: 'email' });
  const known = h('input', { type: 'checkbox', onchange: filter });
  function filter() {
    const wanted = name.value.trim().toLowerCase();
    rows.forEach((row, index) => {
      const [feature, value] = entries[index];
      row.hidden = !feature.toLowerCase().includes(wanted) || (known.checked && value === null);
    });
  }
  return section(
    `Features (${entries.length})`,
    h(
      'div',
      { class: 'row' },
      h('label', {}, 'Show only', name),
      h('label', { class: 'check' }, known, ' Hide what is unknown'),
    ),
    h('ul', { class: 'plain dense' }, ...rows),
  );
}

function versions({ versions: { reference_data: data, ...hashes } }) {
  const mono = (text) => (text === null ? null : h('span', { class: 'mono' }, text));
  const all = { ...hashes, ...data };
  const pairs = Object.fromEntries(Object.entries(all).map(([name, value]) => [name, mono(value)]));
  return section('Versions that decided', h('dl', {}, ...facts(pairs)));
}

function shadows({ shadows: all }) {
  if (all.length === 0) return null;
  const rows = all.map(({ name, decision, score, rules_fired: fired }) => [
    name,
    tag(decision),
    score === null ? '–' : `${(score * 100).toFixed(1)} %`,
    fired.join(', '),
  ]);
  return section('What challengers would have said', table(['Name', 'Decision', 'Score', 'Rules'], rows));
}
