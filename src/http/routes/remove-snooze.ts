import { z } from 'zod';
import { isRefusal } from '../../domain/refusal.ts';
import { removeEntry } from '../../flows/remove-entry.ts';
import { snoozeShown, toWireSnooze } from '../codec/entry.ts';
import { idOf } from '../codec/parts.ts';
import { route } from '../route.ts';

export const removeSnooze = route({
  operationId: 'removeSnooze',
  method: 'delete',
  path: '/v1/snoozes/{snooze_id}',
  tag: 'Snoozes',
  summary: 'End a snooze',
  description: 'The rule decides about this customer again, in every process within seconds.',
  scope: 'policies',
  params: z.strictObject({ snooze_id: idOf('ent', 'The snooze.') }),
  reply: { status: 200, schema: snoozeShown, description: 'The snooze, ended.' },
  handle: async ({ deps, caller, params }) => {
    const ask = { what: 'snooze', name: null, id: params.snooze_id, by: caller.key.id } as const;
    const removed = await removeEntry(deps, caller.merchantId, ask);
    return isRefusal(removed) ? removed : { document: toWireSnooze(removed, deps.clock()) };
  },
});
