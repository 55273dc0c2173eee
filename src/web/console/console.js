/** Signs in, and shows the view that the address names: `#/orders/ord_…`. */
import { byId, h } from '/web/page.js';
import { Refused, forgetKey, get, keepKey, readKey, readPaths } from '/console/api.js';
import { showAssessment } from '/console/assessment.js';
import { attackLookMs, showAttack } from '/console/attack.js';
import { showDeliveries } from '/console/deliveries.js';
import { showDisputes } from '/console/disputes.js';
import { showEndpoints } from '/console/endpoints.js';
import { showEvents } from '/console/events.js';
import { showLists } from '/console/lists.js';
import { showLookup } from '/console/lookup.js';
import { showOrder } from '/console/order.js';
import { showPayment } from '/console/payment.js';
import { showPolicies } from '/console/policies.js';
import { showQuarantine } from '/console/quarantine.js';
import { showReviews } from '/console/reviews.js';
import { showSnoozes } from '/console/snoozes.js';
import { showTrace } from '/console/trace.js';

/** `path` is what a tab needs of the API; `also` are the views that belong to it. */
const tabs = [
  { name: 'reviews', title: 'Reviews', path: '/v1/reviews' },
  {
    name: 'lookup',
    title: 'Look up',
    path: '/v1/orders/{order_id}',
    also: ['orders', 'assessments', 'payments', 'traces'],
  },
  { name: 'quarantine', title: 'Quarantine', path: '/v1/quarantine' },
  { name: 'policies', title: 'Policies', path: '/v1/policies' },
  { name: 'lists', title: 'Lists', path: '/v1/lists' },
  { name: 'snoozes', title: 'Snoozes', path: '/v1/snoozes' },
  { name: 'events', title: 'Events', path: '/v1/events' },
  { name: 'deliveries', title: 'Deliveries', path: '/v1/deliveries' },
  { name: 'endpoints', title: 'Endpoints', path: '/v1/webhook-endpoints' },
  { name: 'disputes', title: 'Disputes', path: '/v1/disputes' },
];

/** A view answers its title and content; `signal` is aborted when another view takes its place. */
const views = {
  reviews: showReviews,
  lookup: showLookup,
  orders: showOrder,
  assessments: showAssessment,
  payments: showPayment,
  traces: showTrace,
  quarantine: showQuarantine,
  policies: showPolicies,
  lists: showLists,
  snoozes: showSnoozes,
  events: showEvents,
  deliveries: showDeliveries,
  endpoints: showEndpoints,
  disputes: showDisputes,
};

let leaving = new AbortController();

async function show() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const isIn = readKey() !== null;
  byId('sign-in').hidden = isIn;
  for (const id of ['view', 'tabs', 'sign-out']) byId(id).hidden = !isIn;
  void showAttack(byId('attack'));
  if (!isIn) return;
  const [, name = 'reviews', id = ''] = location.hash.split('/');
  const isAt = (tab) => tab.name === name || tab.also?.includes(name);
  for (const link of byId('tabs').children) {
    const tab = tabs.find((each) => link.hash === `#/${each.name}`);
    if (isAt(tab)) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  try {
    const { title, content } = await (views[name] ?? showReviews)(id, signal);
    if (signal.aborted) return;
    const heading = h('h1', { tabindex: '-1' }, title);
    byId('view').replaceChildren(heading, ...content);
    document.title = `${title} · Tillgate console`;
    heading.focus();
  } catch (error) {
    if (!signal.aborted) fail(error);
  }
}

function fail(error) {
  if (error instanceof Refused && error.status === 401) {
    forgetKey();
    void show();
    return;
  }
  byId('view').replaceChildren(h('h1', {}, 'That did not work'), h('p', { role: 'alert' }, error.message));
}

byId('key-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  keepKey(new FormData(byId('key-form')).get('key').trim());
  try {
    await get('/v1/reviews');
    byId('refused').textContent = '';
    byId('key-form').reset();
    void show();
  } catch (error) {
    forgetKey();
    byId('refused').textContent = error.message;
  }
});
byId('sign-out').addEventListener('click', () => {
  forgetKey();
  void show();
});
// The view is named by the address, so that link would lead to another one.
byId('skip').addEventListener('click', (event) => {
  event.preventDefault();
  byId('view').querySelector('h1')?.focus();
});
addEventListener('hashchange', () => void show());

setInterval(() => !document.hidden && void showAttack(byId('attack')), attackLookMs);
const paths = await readPaths();
const shown = tabs.filter(({ path }) => paths.has(path));
byId('tabs').append(...shown.map(({ name, title }) => h('a', { href: `#/${name}` }, title)));
void show();
