/** Webhooks as the PSPs sent them, and what became of each. */
import { h, showTime, tag } from '/web/page.js';
import { get } from '/console/api.js';
import { nothing, table } from '/console/parts.js';

export async function showDeliveries() {
  const { deliveries } = await get('/v1/deliveries');
  const rows = deliveries.map((each) => [
    showTime(each.received_at),
    `${each.psp}/${each.psp_account}`,
    h('code', {}, each.type),
    each.about,
    tag(each.status),
    String(each.tries),
    each.note,
  ]);
  const columns = ['Received', 'From', 'Type', 'About', 'Status', { name: 'Tries', number: true }, 'Note'];
  const content =
    rows.length === 0
      ? nothing('No PSP has sent anything yet.')
      : h('div', { class: 'card' }, table(columns, rows));
  return { title: 'Deliveries', content: [content] };
}
