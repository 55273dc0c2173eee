import { z } from 'zod';
import type { OwnPolicy } from '../../domain/risk/policy/own-policy.ts';
import { refuse } from '../../domain/refusal.ts';
import { shownAt, shownTime } from '../codec/parts.ts';
import { policyParams, policyShown, toWirePolicy } from '../codec/policy.ts';
import { route } from '../route.ts';

/** Enough to see what was tried; older texts are found by the hash in the database. */
const historyMax = 20;

const activation = z.strictObject({
  hash: z.string(),
  source: z.string(),
  origin: z.enum(['file', 'merchant']),
  activated_at: shownTime,
  activated_by: z.string().nullable().meta({ description: 'The API key; null where a file changed.' }),
  because: z.string().nullable(),
});

export const getPolicy = route({
  operationId: 'getPolicy',
  method: 'get',
  path: '/v1/policies/{event}',
  tag: 'Policies',
  summary: 'Read the policy of an event, with its text and history',
  description:
    'The last 20 changes of what is in force, the newest first, each with its whole text: of the installation’s file, and of ' +
    'what the merchant put in its place.',
  scope: 'policies',
  params: policyParams,
  reply: {
    status: 200,
    schema: policyShown
      .extend({ source: z.string(), history: z.array(activation) })
      .meta({ id: 'PolicyWithHistory' }),
    description: 'The policy.',
  },
  handle: async ({ deps, caller: { merchantId }, params: { event } }) => {
    const found = deps.desk.policies(merchantId).find(({ policy }) => policy.event === event);
    if (found === undefined) return refuse('not_found', 'There is no such policy.');
    const [files, own] = await Promise.all([
      deps.store.policies.history(event, historyMax),
      deps.store.policies.own(merchantId, event, historyMax),
    ]);
    const history = [...own.map(ofMerchant), ...files.map(ofFile)]
      .toSorted((a, b) => b.at - a.at)
      .slice(0, historyMax)
      .map(({ at, ...change }) => ({ ...change, activated_at: shownAt(at) }));
    return { document: { ...toWirePolicy(found), source: found.policy.source, history } };
  },
});

function ofMerchant({ text, isOwn, by, because, at }: OwnPolicy) {
  const origin = isOwn ? ('merchant' as const) : ('file' as const);
  return { hash: text.hash, source: text.source, origin, activated_by: by, because, at };
}

function ofFile({ hash, source, at }: { hash: string; source: string; at: number }) {
  return { hash, source, origin: 'file' as const, activated_by: null, because: null, at };
}
