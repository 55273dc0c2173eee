import { z } from 'zod';
import { isRefusal, refuse } from '../../domain/refusal.ts';
import { activatePolicy as activate } from '../../flows/activate-policy.ts';
import { compiled, policyChange, policyParams, policyShown, shownInForce, source } from '../codec/policy.ts';
import { route } from '../route.ts';

export const activatePolicy = route({
  operationId: 'activatePolicy',
  method: 'post',
  path: '/v1/policies/{event}/activate',
  tag: 'Policies',
  summary: 'Put a policy in force for this merchant',
  description:
    'From now on this policy decides instead of the installation’s file, for the merchant of the key alone; other processes ' +
    'follow within seconds. Check, backtest and shadow it first; roll it back with `roll-back`.',
  scope: 'policies',
  params: policyParams,
  body: z.strictObject({ source, ...policyChange }).meta({ id: 'ActivatePolicy' }),
  reply: { status: 200, schema: policyShown, description: 'The policy that is in force now.' },
  problems: ['policy_refused', 'policy_conflict'],
  handle: async ({ deps, caller, params: { event }, body: { source: text, replaces, because } }) => {
    const policy = compiled(deps.desk, text);
    if (isRefusal(policy)) return policy;
    if (policy.event !== event)
      return refuse('policy_refused', `It is a policy for ${policy.event}, not ${event}.`, '/source');
    if (policy.challengers.length > 0)
      return refuse('policy_refused', 'Challengers are added with `POST /v1/shadows`.', '/source');
    const ask = { event, replaces, because, by: caller.key.id };
    const done = await activate(deps, caller.merchantId, policy, ask);
    return isRefusal(done) ? done : { document: shownInForce(deps.desk, caller.merchantId, event) };
  },
});
