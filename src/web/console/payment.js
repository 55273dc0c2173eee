/** The journal of one order's money: append-only, in the order in which it happened. */
import { facts, h, showMoney, showTime, tag } from '/web/page.js';
import { get } from '/console/api.js';
import { link, section, table } from '/console/parts.js';
import { contradicted, resolving } from '/console/quarantine.js';

export async function showPayment(id) {
  const payment = await get(`/v1/payments/${id}`);
  const show = (amount) => showMoney(amount, payment.currency);
  const summary = section(
    'Payment',
    h(
      'dl',
      {},
      ...facts({
        Order: link('orders', id.replace('pay_', 'ord_')),
        Status: tag(payment.status),
        Authorised: show(payment.authorized),
        Captured: show(payment.captured),
        Refunded: show(payment.refunded),
      }),
    ),
  );
  const quarantine =
    payment.status === 'quarantined' &&
    section('Quarantine', contradicted(payment.contradictions), resolving(id));
  const attempts = section(
    'Attempts',
    table(
      ['Time', 'PSP', 'Status', { name: 'Amount', number: true }, 'Routed because', 'Id'],
      payment.attempts.map((each) => [
        showTime(each.created_at),
        `${each.psp}/${each.psp_account}`,
        tag(each.status),
        show(each.amount),
        each.routed_because,
        h('span', { class: 'mono' }, each.id),
      ]),
    ),
  );
  const journal = section(
    'Journal',
    table(
      ['Time', 'What', 'From', 'To', 'Because'],
      payment.journal.map((each) => [
        showTime(each.at),
        each.subject,
        each.from && tag(each.from),
        tag(each.to),
        each.because,
      ]),
    ),
  );
  return { title: `Payment ${id}`, content: [summary, quarantine, attempts, journal].filter(Boolean) };
}
