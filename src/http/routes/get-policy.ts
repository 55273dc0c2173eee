import { z } from 'zod';
import { assessmentEvents } from '../../domain/risk/decision.ts';
import { refuse } from '../../domain/refusal.ts';
import { nothing, shownAt, shownTime } from '../codec/parts.ts';
import { policyShown, toWirePolicy } from '../codec/policy.ts';
import { route } from '../route.ts';

/** Enough to roll back by; older texts are found by the hash in the database. */
const historyMax = 20;

export const getPolicy = route({
  operationId: 'getPolicy',
  method: 'get',
  path: '/v1/policies/{event}',
  tag: 'Policies',
  summary: 'Read the policy of an event, with its text and history',
  description:
    'The last 20 policies that were in force, each with its whole text: to roll back, put the old text into the file.',
  scope: 'policies',
  client: false,
  params: z.strictObject({ event: z.enum(assessmentEvents).meta({ examples: ['checkout'] }) }),
  query: nothing,
  body: null,
  moves: null,
  reply: {
    status: 200,
    schema: policyShown
      .extend({
        source: z.string(),
        history: z.array(z.strictObject({ hash: z.string(), source: z.string(), activated_at: shownTime })),
      })
      .meta({ id: 'PolicyWithHistory' }),
    description: 'The policy.',
  },
  problems: [],
  handle: async ({ deps, params: { event } }) => {
    const found = deps.desk.policies().find(({ policy }) => policy.event === event);
    if (found === undefined) return refuse('not_found', 'There is no such policy.');
    const history = await deps.store.policies.history(event, historyMax);
    return {
      document: {
        ...toWirePolicy(found),
        source: found.policy.source,
        history: history.map(({ hash, source, at }) => ({ hash, source, activated_at: shownAt(at) })),
      },
    };
  },
});
