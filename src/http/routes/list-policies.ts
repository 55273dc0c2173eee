import { z } from 'zod';
import { policyShown, toWirePolicy } from '../codec/policy.ts';
import { route } from '../route.ts';

export const listPolicies = route({
  operationId: 'listPolicies',
  method: 'get',
  path: '/v1/policies',
  tag: 'Policies',
  summary: 'List the policies in force',
  description:
    'One for each event: the installation’s file, as this process has loaded it, or what the merchant put in its place.',
  scope: 'policies',
  reply: {
    status: 200,
    schema: z.strictObject({ policies: z.array(policyShown) }).meta({ id: 'PolicyList' }),
    description: 'The policies.',
  },
  handle: ({ deps, caller }) =>
    Promise.resolve({ document: { policies: deps.desk.policies(caller.merchantId).map(toWirePolicy) } }),
});
