import { isRefusal, refuse } from '../../domain/refusal.ts';
import { placeOf } from '../../flows/add-entry.ts';
import { entryShown, listEntryFind, listParams, subjectOf, toWireEntry } from '../codec/entry.ts';
import { route } from '../route.ts';

export const findListEntry = route({
  operationId: 'findListEntry',
  method: 'post',
  path: '/v1/lists/{list}/entries/find',
  tag: 'Lists',
  summary: 'Find a value on a list',
  description:
    'Entries do not show their values, so one is found by its value. A POST, because addresses are logged.',
  scope: 'policies',
  params: listParams,
  body: listEntryFind,
  reply: { status: 200, schema: entryShown, description: 'The entry.' },
  problems: ['entry_refused'],
  handle: async ({ deps, caller, params, body }) => {
    const place = await placeOf(deps, caller.merchantId, {
      what: 'list',
      name: params.list,
      subject: subjectOf(body),
    });
    if (isRefusal(place)) return place;
    const found = await deps.store.entries.find(caller.merchantId, place);
    return found === null
      ? refuse('not_found', 'This value is not on the list.')
      : { document: toWireEntry(found, deps.clock()) };
  },
});
