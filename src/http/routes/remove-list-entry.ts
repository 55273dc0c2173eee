import { isRefusal } from '../../domain/refusal.ts';
import { removeEntry } from '../../flows/remove-entry.ts';
import { entryShown, listParams, toWireEntry } from '../codec/entry.ts';
import { idOf } from '../codec/parts.ts';
import { route } from '../route.ts';

export const removeListEntry = route({
  operationId: 'removeListEntry',
  method: 'delete',
  path: '/v1/lists/{list}/entries/{entry_id}',
  tag: 'Lists',
  summary: 'Take a value off a list',
  description: 'It stops counting in every process within seconds; the entry stays on record.',
  scope: 'policies',
  params: listParams.extend({ entry_id: idOf('ent', 'The entry.') }),
  reply: { status: 200, schema: entryShown, description: 'The entry, removed.' },
  handle: async ({ deps, caller, params }) => {
    const ask = { what: 'list', name: params.list, id: params.entry_id, by: caller.key.id } as const;
    const removed = await removeEntry(deps, caller.merchantId, ask);
    return isRefusal(removed) ? removed : { document: toWireEntry(removed, deps.clock()) };
  },
});
