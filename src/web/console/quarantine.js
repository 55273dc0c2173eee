/** Payments of which a PSP said something that cannot be: nothing of them moves until a person resolves them. */
import { facts, h, showMoney, showTime, tag } from '/web/page.js';
import { get, post } from '/console/api.js';
import { form, link, nothing, section, table } from '/console/parts.js';

export async function showQuarantine() {
  const { payments } = await get('/v1/quarantine');
  const cards = payments.map(({ id, order, since, contradictions }) =>
    section(
      'Payment',
      h(
        'dl',
        {},
        ...facts({ Payment: link('payments', id), Order: link('orders', order), Since: showTime(since) }),
      ),
      contradicted(contradictions),
      resolving(id),
    ),
  );
  const content = cards.length === 0 ? [nothing('No PSP contradicts an order.')] : cards;
  return { title: 'Quarantine', content };
}

const show = (money) => money && showMoney(money.amount, money.currency);

/** What was asked for, beside what the PSP said. */
export function contradicted(contradictions) {
  if (contradictions.length === 0)
    return nothing(
      'The scheme took back what the order was told to be paid with. Accept it, or look at the journal.',
    );
  const rows = contradictions.map((each) => [
    each.kind,
    `${each.psp}/${each.psp_account}`,
    h('span', { class: 'mono' }, each.psp_reference ?? 'none'),
    show(each.expected),
    show(each.said),
    show(each.said_captured),
    each.because,
  ]);
  const amounts = ['Asked for', 'PSP says', 'of it taken'].map((name) => ({ name, number: true }));
  return table(['What', 'PSP', 'Reference there', ...amounts, 'Because'], rows);
}

const choices = {
  ask: 'Ask the PSP again; what it says now counts, if it fits.',
  accept: 'Accept what the PSP did, as far as the order can carry it.',
  return: 'Give back what the PSP took or holds. That cannot be undone.',
};

/** The PSP is asked first, whatever is chosen. */
export function resolving(id) {
  const radios = Object.entries(choices).map(([value, text]) =>
    h(
      'label',
      { class: 'choice' },
      h('input', { type: 'radio', name: 'resolution', value, required: true }),
      text,
    ),
  );
  const note = h('input', {
    name: 'note',
    required: true,
    minlength: 3,
    maxlength: 300,
    autocomplete: 'off',
  });
  const fields = [h('fieldset', {}, h('legend', {}, 'Resolution'), ...radios), h('label', {}, 'Why', note)];
  const node = form('Resolve', fields, async (body) => {
    const { status, payment } = await post(`/v1/payments/${id}/resolve`, body);
    if (payment.status === 'quarantined') return 'The PSP says the same: the payment stays quarantined.';
    node.replaceChildren(h('p', { role: 'status' }, 'Resolved: the order is ', tag(status), '.'));
    return '';
  });
  return node;
}
