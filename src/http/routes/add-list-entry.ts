import { isRefusal } from '../../domain/refusal.ts';
import { addEntry } from '../../flows/add-entry.ts';
import { entryShown, listEntryBody, listParams, subjectOf, toWireEntry } from '../codec/entry.ts';
import { route } from '../route.ts';

export const addListEntry = route({
  operationId: 'addListEntry',
  method: 'post',
  path: '/v1/lists/{list}/entries',
  tag: 'Lists',
  summary: 'Put a value on a list',
  description:
    'Counts in every process within seconds. A value that is on the list already gets the new reason and expiry; the ' +
    'former entry stays on record.',
  scope: 'policies',
  params: listParams,
  body: listEntryBody,
  reply: { status: 201, schema: entryShown, description: 'The entry.' },
  problems: ['entry_refused'],
  handle: async ({ deps, caller, params, body }) => {
    const added = await addEntry(deps, caller.merchantId, {
      what: 'list',
      name: params.list,
      subject: subjectOf(body),
      reason: body.reason,
      expiresAt: body.expires_at === undefined ? null : Date.parse(body.expires_at),
      by: caller.key.id,
    });
    return isRefusal(added) ? added : { document: toWireEntry(added, deps.clock()) };
  },
});
