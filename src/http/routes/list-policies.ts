import { z } from 'zod';
import { nothing } from '../codec/parts.ts';
import { policyShown, toWirePolicy } from '../codec/policy.ts';
import { route } from '../route.ts';

export const listPolicies = route({
  operationId: 'listPolicies',
  method: 'get',
  path: '/v1/policies',
  tag: 'Policies',
  summary: 'List the policies in force',
  description:
    'One for each event, as this process has loaded them from its files. A policy is changed by changing its file: all ' +
    'merchants of an installation live by the same policies, so no merchant’s key may replace one.',
  scope: 'policies',
  client: false,
  params: nothing,
  query: nothing,
  body: null,
  moves: null,
  reply: {
    status: 200,
    schema: z.strictObject({ policies: z.array(policyShown) }).meta({ id: 'PolicyList' }),
    description: 'The policies.',
  },
  problems: [],
  handle: ({ deps }) => Promise.resolve({ document: { policies: deps.desk.policies().map(toWirePolicy) } }),
});
