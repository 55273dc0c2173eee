import { z } from 'zod';
import { isRefusal } from '../../domain/refusal.ts';
import { rollBackPolicy as rollBack } from '../../flows/activate-policy.ts';
import { policyChange, policyParams, policyShown, shownInForce } from '../codec/policy.ts';
import { route } from '../route.ts';

export const rollBackPolicy = route({
  operationId: 'rollBackPolicy',
  method: 'post',
  path: '/v1/policies/{event}/roll-back',
  tag: 'Policies',
  summary: 'Put the policy before this one back in force',
  description:
    'What this merchant activated last stops deciding, and what it replaced decides again; beneath everything lies the ' +
    'installation’s file.',
  scope: 'policies',
  params: policyParams,
  body: z.strictObject(policyChange).meta({ id: 'RollBackPolicy' }),
  reply: { status: 200, schema: policyShown, description: 'The policy that is in force now.' },
  problems: ['policy_refused', 'policy_conflict'],
  handle: async ({ deps, caller, params: { event }, body }) => {
    const done = await rollBack(deps, caller.merchantId, { event, ...body, by: caller.key.id });
    return isRefusal(done) ? done : { document: shownInForce(deps.desk, caller.merchantId, event) };
  },
});
