import { z } from 'zod';
import { listKinds } from '../../domain/risk/policy/list.ts';
import { route } from '../route.ts';

export const listLists = route({
  operationId: 'listLists',
  method: 'get',
  path: '/v1/lists',
  tag: 'Lists',
  summary: 'List the lists',
  description:
    'Lists are declared beside the policies, in `lists.yaml`; what an entry does is what policies say.',
  scope: 'policies',
  reply: {
    status: 200,
    schema: z
      .strictObject({
        lists: z.array(
          z.strictObject({
            name: z.string(),
            kind: z.enum(listKinds),
            of: z.string().meta({ description: 'What its entries are, such as `email.address`.' }),
            text: z.string(),
            entries: z.int().meta({ description: 'How many count now.' }),
          }),
        ),
      })
      .meta({ id: 'ListOfLists' }),
    description: 'The lists.',
  },
  handle: async ({ deps, caller }) => {
    const counts = await deps.store.entries.count(caller.merchantId, 'list', deps.clock());
    const lists = [...deps.desk.lists()].map(([name, list]) => ({
      name,
      ...list,
      entries: counts.get(name) ?? 0,
    }));
    return { document: { lists } };
  },
});
