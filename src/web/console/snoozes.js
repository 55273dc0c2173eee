/** Rules that are silent for one customer, for a while. */
import { h } from '/web/page.js';
import { get, post, remove } from '/console/api.js';
import { entryTable } from '/console/lists.js';
import { form, nothing, section, untilField } from '/console/parts.js';

export async function showSnoozes() {
  const { policies } = await get('/v1/policies');
  const rules = [...new Set(policies.flatMap((policy) => policy.rules.map(({ id }) => id)))].sort();
  const place = h('div');
  const refresh = async () => {
    const { snoozes } = await get('/v1/snoozes');
    place.replaceChildren(
      snoozes.length === 0
        ? nothing('No rule is snoozed for anybody.')
        : entryTable('Rule', snoozes, ruleOf, async ({ id }) => {
            await remove(`/v1/snoozes/${id}`);
            await refresh();
          }),
    );
  };
  const add = form(
    'Snooze the rule',
    [
      h('label', {}, 'Customer, by the shop’s own id', h('input', { name: 'customer', required: true })),
      h('label', {}, 'Rule', h('select', { name: 'rule' }, ...rules.map((id) => h('option', {}, id)))),
      h('label', {}, 'Why', h('input', { name: 'reason', required: true, maxlength: 500 })),
      untilField('Until', true),
    ],
    async (body) => {
      await post('/v1/snoozes', body);
      await refresh();
      return 'The rule is silent for this customer.';
    },
  );
  await refresh();
  return { title: 'Snoozes', content: [section('Add', add), section('Snoozes', place)] };
}

function ruleOf({ rule, key }) {
  return h('span', {}, h('code', {}, rule), h('br'), h('code', { class: 'quiet' }, key));
}
