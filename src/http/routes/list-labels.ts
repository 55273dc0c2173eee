import { z } from 'zod';
import { time } from '../codec/buyer.ts';
import { labelShown } from '../codec/label.ts';
import { toWireLabel } from '../render/label.ts';
import { route } from '../route.ts';

const labelsMax = 1_000;

export const listLabels = route({
  operationId: 'listLabels',
  method: 'get',
  path: '/v1/labels',
  tag: 'Labels',
  summary: 'List labels',
  description:
    'Labels in the order in which they became known, up to a thousand; go on with the last `known_at`.',
  scope: 'assessments',
  query: z.strictObject({ known_since: time.optional() }),
  reply: {
    status: 200,
    schema: z.strictObject({ labels: z.array(labelShown) }).meta({ id: 'LabelList' }),
    description: 'The labels.',
  },
  handle: async ({ deps, caller, query }) => {
    const since = query.known_since === undefined ? 0 : Date.parse(query.known_since);
    const labels = await deps.store.labels.list(caller.merchantId, since, labelsMax);
    return { document: { labels: labels.map(toWireLabel) } };
  },
});
