import { z } from 'zod';
import { isRefusal } from '../../domain/refusal.ts';
import { removeShadow as remove } from '../../flows/remove-shadow.ts';
import { idOf } from '../codec/parts.ts';
import { shadowShown, toWireShadow } from '../codec/policy.ts';
import { route } from '../route.ts';

export const removeShadow = route({
  operationId: 'removeShadow',
  method: 'delete',
  path: '/v1/shadows/{shadow_id}',
  tag: 'Policies',
  summary: 'End a try',
  description: 'The draft is no longer evaluated; what it said stays with the assessments.',
  scope: 'policies',
  params: z.strictObject({ shadow_id: idOf('shp', 'The draft.') }),
  reply: { status: 200, schema: shadowShown, description: 'The draft, removed.' },
  handle: async ({ deps, caller, params }) => {
    const ask = { id: params.shadow_id, by: caller.key.id };
    const removed = await remove(deps, caller.merchantId, ask);
    return isRefusal(removed) ? removed : { document: toWireShadow(removed) };
  },
});
