/** What every page needs: building nodes without parsing HTML, and showing money and times as people read them. */

/** `h('a', { href: '/demo' }, 'Shop')`: text stays text, whatever it contains. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value !== undefined && value !== null) node.setAttribute(name, String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const byId = (id) => document.getElementById(id);

/** Minor units as an amount: 1299 EUR is €12.99, 1299 JPY is ¥1,299. */
export function showMoney(amount, currency) {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

const time = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
export const showTime = (text) => time.format(new Date(text));

const kinds = {
  good: ['allow', 'active', 'enabled', 'captured', 'authorized', 'completed', 'succeeded', 'delivered'],
  warn: [
    'review',
    'challenge',
    'watch',
    'held',
    'pending',
    'processing',
    'requires_action',
    'unknown',
    'prepared',
  ],
  bad: ['block', 'declined', 'canceled', 'failed', 'quarantined', 'expired', 'given_up', 'disabled'],
};

/** A state or a decision, in the colour of how it bodes; the word itself says it too. */
export function tag(word) {
  const kind = Object.keys(kinds).find((each) => kinds[each].includes(word)) ?? '';
  return h('span', { class: `tag ${kind}` }, word.replaceAll('_', ' '));
}

/** Pairs for a `dl`; those without a value are left out. */
export function facts(pairs) {
  return Object.entries(pairs).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [h('dt', {}, name), h('dd', {}, value)],
  );
}
