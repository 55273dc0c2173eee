/** Webhooks as the PSPs sent them, and what became of each. */
import { h, showTime, tag } from '/web/page.js';
import { get, post } from '/console/api.js';
import { nothing, table } from '/console/parts.js';

export async function showDeliveries() {
  const [{ deliveries: newest }, { deliveries: asides }] = await Promise.all([
    get('/v1/deliveries'),
    get('/v1/deliveries?status=set_aside'),
  ]);
  // What waits for a person comes first, however old it is.
  const deliveries = [...asides, ...newest.filter(({ status }) => status !== 'set_aside')];
  const rows = deliveries.map((each) => [
    showTime(each.received_at),
    `${each.psp}/${each.psp_account}`,
    h('code', {}, each.type),
    each.about,
    tag(each.status),
    String(each.tries),
    each.note,
    each.status === 'set_aside' ? tryAgain(each) : null,
  ]);
  const columns = [
    'Received',
    'From',
    'Type',
    'About',
    'Status',
    { name: 'Tries', number: true },
    'Note',
    '',
  ];
  const content =
    rows.length === 0
      ? nothing('No PSP has sent anything yet.')
      : h('div', { class: 'card' }, table(columns, rows));
  return { title: 'Deliveries', content: [content] };
}

/** For who has seen to the reason. */
function tryAgain({ psp, psp_account, id }) {
  const button = h('button', { class: 'plain', onclick: send }, 'Try again');
  async function send() {
    button.disabled = true;
    try {
      const { status } = await post('/v1/deliveries/retry', { psp, psp_account, id });
      button.replaceWith(tag(status));
    } catch (error) {
      button.replaceWith(error.message);
    }
  }
  return button;
}
