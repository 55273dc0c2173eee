import { z } from 'zod';
import { dayMs } from '../../kernel/instant.ts';
import { comparisonShown, shadowShown, toWireShadow } from '../codec/policy.ts';
import { route } from '../route.ts';

const shadowsMax = 100;
/** What is compared: enough for a percentage that means something, read within a second. */
const assessmentsMax = 20_000;

export const listShadows = route({
  operationId: 'listShadows',
  method: 'get',
  path: '/v1/shadows',
  tag: 'Policies',
  summary: 'List drafts in shadow, and how challengers compare',
  description:
    'Drafts that are or were tried, the newest first; and for every challenger, those of the policy files included, how ' +
    'often it agreed and disagreed with what was decided, over at most 20,000 assessments.',
  scope: 'policies',
  query: z.strictObject({
    days: z
      .string()
      .regex(/^[1-9]\d{0,2}$/)
      .optional()
      .meta({ description: 'How many days back, 1 to 999; 30 when absent.' }),
  }),
  reply: {
    status: 200,
    schema: z
      .strictObject({ shadows: z.array(shadowShown), comparisons: z.array(comparisonShown) })
      .meta({ id: 'ShadowList' }),
    description: 'The drafts and the comparisons.',
  },
  handle: async ({ deps, caller, query: { days = '30' } }) => {
    const { policies, assessments } = deps.store;
    const since = deps.clock() - Number(days) * dayMs;
    const [shadows, comparisons] = await Promise.all([
      policies.shadows(caller.merchantId, shadowsMax),
      assessments.comparisons(caller.merchantId, since, assessmentsMax),
    ]);
    return { document: { shadows: shadows.map(toWireShadow), comparisons } };
  },
});
