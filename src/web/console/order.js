/** An order: what it is worth, what became of its money, and why it was let through. */
import { facts, h, showMoney, showTime, tag } from '/web/page.js';
import { get } from '/console/api.js';
import { link, nothing, section, table, verdict } from '/console/parts.js';

export async function showOrder(id) {
  const order = await get(`/v1/orders/${id}`);
  const { assessment, decline, metadata } = await get(`/v1/checkouts/${order.checkout}`);
  const { payment } = order;
  const summary = section(
    'Order',
    h(
      'dl',
      {},
      ...facts({
        Status: tag(order.status),
        Total: showMoney(order.amount, order.currency),
        Created: showTime(order.created_at),
        Checkout: h('span', { class: 'mono' }, order.checkout),
        ...metadata,
      }),
    ),
  );
  const money = section(
    'Payment',
    h(
      'dl',
      {},
      ...facts({
        Journal: link('payments', payment.id),
        Status: tag(payment.status),
        Authorised: showMoney(payment.authorized, payment.currency),
        Captured: showMoney(payment.captured, payment.currency),
        Refunded: showMoney(payment.refunded, payment.currency),
        PSP: payment.psp,
        'PSP reference': payment.psp_reference && h('span', { class: 'mono' }, payment.psp_reference),
        Decline: decline?.code.replaceAll('_', ' '),
      }),
    ),
  );
  const risk = section(
    'Assessment',
    ...(assessment === null
      ? [nothing('There is none.')]
      : [
          h('p', {}, verdict(assessment)),
          h('ul', {}, ...assessment.reasons.map(({ text }) => h('li', {}, text))),
          h('a', { href: `#/assessments/${assessment.id}` }, 'See all of it'),
        ]),
  );
  const rows = order.movements.map((each) => [
    showTime(each.created_at),
    each.kind,
    tag(each.status),
    showMoney(each.amount, each.currency),
    h('span', { class: 'mono' }, each.id),
  ]);
  const movements = section(
    'Movements of money',
    rows.length === 0
      ? nothing('No money has been captured, released or given back.')
      : table(['Time', 'What', 'Status', { name: 'Amount', number: true }, 'Id'], rows),
  );
  return { title: `Order ${id}`, content: [h('div', { class: 'columns' }, summary, money), risk, movements] };
}
