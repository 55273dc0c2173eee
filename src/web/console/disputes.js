/** Payments that are or were contested. Evidence is handed in at the PSP. */
import { showMoney, showTime, tag, h } from '/web/page.js';
import { get } from '/console/api.js';
import { link, nothing, table } from '/console/parts.js';

export async function showDisputes() {
  const { disputes } = await get('/v1/disputes');
  const rows = disputes.map((each) => [
    link('orders', each.order),
    tag(each.status),
    each.inquiry ? 'inquiry' : 'chargeback',
    each.reason.replaceAll('_', ' '),
    showMoney(each.amount, each.currency),
    each.evidence_due_at && showTime(each.evidence_due_at),
    showTime(each.changed_at),
  ]);
  const columns = [
    'Order',
    'Status',
    'Kind',
    'Reason',
    { name: 'Amount', number: true },
    'Evidence due',
    'Changed',
  ];
  const content =
    rows.length === 0
      ? nothing('No payment has been contested.')
      : h('div', { class: 'card' }, table(columns, rows));
  return { title: 'Disputes', content: [content] };
}
