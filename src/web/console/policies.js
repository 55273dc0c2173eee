/** What decides now, and what would decide otherwise: policies in force, drafts, and challengers in shadow. */
import { facts, h, showTime, tag } from '/web/page.js';
import { get, post, remove } from '/console/api.js';
import { nothing, section, table } from '/console/parts.js';

export async function showPolicies(event) {
  if (event !== '') return showPolicy(event);
  const [{ policies }, { shadows, comparisons }] = await Promise.all([
    get('/v1/policies'),
    get('/v1/shadows'),
  ]);
  const rows = policies.map((each) => [
    h('a', { href: `#/policies/${each.event}` }, each.event.replaceAll('_', ' ')),
    String(each.rules.length),
    each.model?.name,
    h('code', {}, each.hash.slice(0, 12)),
    each.challengers.map(({ name }) => name).join(', ') || undefined,
  ]);
  const columns = ['Event', { name: 'Rules', number: true }, 'Model', 'Policy', 'Challengers'];
  return {
    title: 'Policies',
    content: [
      section('In force', table(columns, rows)),
      compared(comparisons),
      tried(shadows),
      draftSection(),
    ],
  };
}

async function showPolicy(event) {
  const policy = await get(`/v1/policies/${event}`);
  const { model, hash, origin, outdated, otherwise, degraded, rules, exemptions, source, history } = policy;
  const mono = (text) => h('span', { class: 'mono' }, text);
  const summary = section(
    'In force',
    h(
      'dl',
      {},
      ...facts({
        Policy: mono(hash),
        'In force by':
          origin === 'file' ? 'the file of the installation' : 'this merchant, in place of the file',
        Outdated: outdated && h('span', {}, mono(outdated), ' no longer fits the models and lists there are'),
        Model: model && h('span', {}, `${model.name} `, mono(model.hash ?? '')),
        'When no rule fires': tag(otherwise),
        'When a part is missing': h(
          'ul',
          { class: 'plain' },
          ...Object.entries(degraded).map(([part, said]) =>
            h('li', { class: 'row' }, tag(said), part.replaceAll('_', ' ')),
          ),
        ),
      }),
    ),
  );
  const ruleRows = rules.map(({ id, when, then, reason }) => [
    tag(then),
    h('div', {}, h('strong', {}, reason), h('br'), h('code', { class: 'quiet' }, id), h('pre', {}, when)),
  ]);
  const exemptionRows = exemptions.map(({ request, when }) => [
    request.replaceAll('_', ' '),
    h('code', {}, when),
  ]);
  const versions = history.map((each) =>
    h(
      'details',
      {},
      h(
        'summary',
        {},
        `${showTime(each.activated_at)} · `,
        mono(each.hash.slice(0, 12)),
        each.because === null ? ' · file' : ` · ${each.because}`,
      ),
      h('pre', {}, each.source),
    ),
  );
  return {
    title: `Policy at ${event.replaceAll('_', ' ')}`,
    content: [
      summary,
      section('Rules', rules.length === 0 ? nothing('There are none.') : table(['Then', 'Rule'], ruleRows)),
      exemptions.length > 0 && section('Exemptions', table(['Ask the issuer for', 'When'], exemptionRows)),
      draftSection(source, policy),
      section('History', ...versions),
    ].filter(Boolean),
  };
}

/** How often each challenger disagreed, and how many of those turned out to be fraud or good. */
function compared(comparisons) {
  if (comparisons.length === 0)
    return section('Challengers', nothing('No challenger has judged anything in the last 30 days.'));
  const groups = Map.groupBy(comparisons, ({ event, name, policy }) => `${event} ${name} ${policy}`);
  const rows = [...groups.values()].flatMap((all) => {
    const judged = all.reduce((sum, each) => sum + each.assessments, 0);
    const apart = all.filter(({ live, shadow }) => live !== shadow);
    const disagreed = apart.reduce((sum, each) => sum + each.assessments, 0);
    const [{ event, name }] = all;
    const head = [
      h('strong', {}, name),
      event.replaceAll('_', ' '),
      `${disagreed} of ${judged}`,
      apart.length === 0 ? 'always agreed' : '',
      '',
      '',
    ];
    const lines = apart.map((each) => [
      '',
      '',
      String(each.assessments),
      h('span', { class: 'row' }, tag(each.live), '→', tag(each.shadow)),
      String(each.fraud),
      String(each.good),
    ]);
    return [head, ...lines];
  });
  const number = (name) => ({ name, number: true });
  const columns = [
    'Challenger',
    'Event',
    number('Disagreed'),
    'In force → it',
    number('Fraud'),
    number('Good'),
  ];
  return section('Challengers, last 30 days', table(columns, rows));
}

function tried(shadows) {
  const active = shadows.filter(({ status }) => status === 'active');
  if (active.length === 0) return section('Drafts in shadow', nothing('No draft is being tried.'));
  const rows = active.map(({ id, name, event, policy, added_at }) => [
    name,
    event.replaceAll('_', ' '),
    h('code', {}, policy.slice(0, 12)),
    showTime(added_at),
    h(
      'button',
      {
        class: 'plain',
        onclick: async ({ target }) => {
          await remove(`/v1/shadows/${id}`);
          target.closest('tr').remove();
        },
      },
      'End',
    ),
  ]);
  return section('Drafts in shadow', table(['Draft', 'Event', 'Policy', 'Since', ''], rows));
}

/** A place to write a draft, and what can be learnt of it before it counts. */
function draftSection(source = 'policy: checkout\nrules: []\n', inForce = null) {
  const text = h('textarea', { rows: 12, class: 'mono', spellcheck: 'false', 'aria-label': 'Draft' });
  text.value = source;
  const name = h('input', { placeholder: 'stricter-at-night', pattern: '[a-z][a-z0-9\\-]*' });
  const said = h('div', { role: 'status' });
  const doing = (work) => async () => {
    said.replaceChildren(nothing('Working …'));
    try {
      const { mistakes } = await post('/v1/policies/check', { source: text.value });
      said.replaceChildren(mistakes.length > 0 ? mistakeList(mistakes) : await work(text.value));
    } catch (error) {
      said.replaceChildren(h('p', { class: 'wrong', role: 'alert' }, error.message));
    }
  };
  const button = (title, work, kind) =>
    h('button', { class: kind, type: 'button', onclick: doing(work) }, title);
  return section(
    'Draft',
    text,
    h(
      'div',
      { class: 'row low' },
      button('Check', () => h('p', {}, 'No mistakes.')),
      button('Backtest', backtest, 'plain'),
      h('label', { class: 'grow' }, 'Name in shadow', name),
      button('Try in shadow', (draft) => shadow(name.value.trim(), draft), 'plain'),
    ),
    inForce && changeRow(inForce, text, said),
    said,
  );
}

/** Changes what is in force. The hash says which policy was seen, so that nobody else's change is overwritten. */
function changeRow({ event, hash, origin, outdated }, text, said) {
  const because = h('input', { placeholder: 'card testing since noon' });
  const replaces = outdated ?? hash;
  const doing = (what, draft) => async () => {
    try {
      await post(`/v1/policies/${event}/${what}`, { ...draft(), replaces, because: because.value.trim() });
      dispatchEvent(new HashChangeEvent('hashchange'));
    } catch (error) {
      said.replaceChildren(h('p', { class: 'wrong', role: 'alert' }, error.message));
    }
  };
  const button = (title, what, draft) =>
    h('button', { class: 'plain', type: 'button', onclick: doing(what, draft) }, title);
  return h(
    'div',
    { class: 'row low' },
    h('label', { class: 'grow' }, 'Because', because),
    button('Put the draft in force', 'activate', () => ({ source: text.value })),
    (origin === 'merchant' || outdated) && button('Roll back', 'roll-back', () => ({})),
  );
}

function mistakeList(mistakes) {
  const rows = mistakes.map(({ line, column, message, hint }) => [`${line}:${column}`, message, hint]);
  return table(['Line', 'Mistake', 'Hint'], rows);
}

async function backtest(source) {
  const { assessments, flips, by } = await post('/v1/policies/backtest', { source });
  const rows = Object.entries(by).map(([change, each]) => [
    h('span', { class: 'row' }, ...change.split('→').flatMap((word, at) => [at > 0 ? '→' : null, tag(word)])),
    String(each.flips),
    String(each.money_minor),
    String(each.fraud),
    String(each.good),
  ]);
  const number = (name) => ({ name, number: true });
  const columns = ['Flip', number('How many'), number('Money, minor units'), number('Fraud'), number('Good')];
  return h(
    'div',
    {},
    h('p', {}, `${flips} of the last ${assessments} assessments would flip.`),
    rows.length > 0 && table(columns, rows),
  );
}

async function shadow(name, source) {
  await post('/v1/shadows', { name, source });
  return h('p', {}, `${name} is evaluated beside the policy in force from now on.`);
}
