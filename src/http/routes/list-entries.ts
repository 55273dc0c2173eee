import { z } from 'zod';
import { refuse } from '../../domain/refusal.ts';
import { entryShown, listParams, toWireEntry } from '../codec/entry.ts';
import { route } from '../route.ts';

/** More than anybody reads; whoever looks for one entry finds it by its value. */
const entriesMax = 500;

export const listEntries = route({
  operationId: 'listEntries',
  method: 'get',
  path: '/v1/lists/{list}/entries',
  tag: 'Lists',
  summary: 'List the entries of a list',
  description: 'The newest first, up to 500, with those that expired or were removed: who, when and why.',
  scope: 'policies',
  params: listParams,
  reply: {
    status: 200,
    schema: z.strictObject({ entries: z.array(entryShown) }).meta({ id: 'ListEntryList' }),
    description: 'The entries.',
  },
  handle: async ({ deps, caller, params: { list } }) => {
    if (!deps.desk.lists().has(list)) return refuse('not_found', 'There is no such list.');
    const entries = await deps.store.entries.list(caller.merchantId, 'list', list, entriesMax);
    return { document: { entries: entries.map((entry) => toWireEntry(entry, deps.clock())) } };
  },
});
