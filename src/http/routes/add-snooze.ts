import { isRefusal } from '../../domain/refusal.ts';
import { addEntry } from '../../flows/add-entry.ts';
import { snoozeBody, snoozeShown, subjectOf, toWireSnooze } from '../codec/entry.ts';
import { route } from '../route.ts';

export const addSnooze = route({
  operationId: 'addSnooze',
  method: 'post',
  path: '/v1/snoozes',
  tag: 'Snoozes',
  summary: 'Silence a rule for a customer',
  description:
    'Until it ends, the rule decides nothing about this customer; assessments name the rules that were snoozed. A snooze ' +
    'that is there already gets the new reason and end.',
  scope: 'policies',
  body: snoozeBody,
  reply: { status: 201, schema: snoozeShown, description: 'The snooze.' },
  problems: ['entry_refused'],
  handle: async ({ deps, caller, body }) => {
    const added = await addEntry(deps, caller.merchantId, {
      what: 'snooze',
      name: body.rule,
      subject: subjectOf({ value: body.customer, assessment: body.assessment }),
      reason: body.reason,
      expiresAt: Date.parse(body.expires_at),
      by: caller.key.id,
    });
    return isRefusal(added) ? added : { document: toWireSnooze(added, deps.clock()) };
  },
});
