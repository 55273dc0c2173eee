import { z } from 'zod';
import { isRefusal } from '../../domain/refusal.ts';
import { addShadow as add } from '../../flows/add-shadow.ts';
import { compiled, shadowShown, source, toWireShadow } from '../codec/policy.ts';
import { route } from '../route.ts';

export const addShadow = route({
  operationId: 'addShadow',
  method: 'post',
  path: '/v1/shadows',
  tag: 'Policies',
  summary: 'Try a draft in shadow',
  description:
    'From now on the draft is evaluated beside the policy in force: its decision is recorded with each assessment of this ' +
    'merchant, and never acted on.',
  scope: 'policies',
  body: z
    .strictObject({
      name: z
        .string()
        .regex(/^[a-z][a-z0-9-]{0,63}$/)
        .meta({ description: 'What assessments call it.' }),
      source,
    })
    .meta({ id: 'AddShadow' }),
  reply: { status: 201, schema: shadowShown, description: 'The draft.' },
  problems: ['policy_refused', 'shadow_refused'],
  handle: async ({ deps, caller, body }) => {
    const policy = compiled(deps.desk, body.source);
    if (isRefusal(policy)) return policy;
    const added = await add(deps, caller.merchantId, { name: body.name, policy, by: caller.key.id });
    return isRefusal(added) ? added : { document: toWireShadow(added) };
  },
});
