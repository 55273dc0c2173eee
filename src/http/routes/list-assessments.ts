import { z } from 'zod';
import { tracedKinds } from '../../domain/risk/entities.ts';
import { orderIdOf } from '../../domain/purchase/purchase.ts';
import { assessmentShown } from '../codec/checkout.ts';
import { idOf } from '../codec/parts.ts';
import { toWireAssessment } from '../render/checkout.ts';
import { route } from '../route.ts';

const pageMax = 50;

const traced = assessmentShown
  .extend({
    order: z.string().nullable().meta({ description: 'The order that was paid or tried; null without one.' }),
    fraud: z.boolean().nullable().meta({ description: 'What it turned out to be; null while nobody knows.' }),
  })
  .meta({ id: 'TracedAssessment' });

export const listAssessments = route({
  operationId: 'listAssessments',
  method: 'get',
  path: '/v1/assessments',
  tag: 'Assessments',
  summary: 'List what a buyer, card, device or address did',
  description:
    'Assessments that saw one pseudonym, the newest first, 50 a page. Pseudonyms are the `entities` of an assessment.',
  scope: 'assessments',
  query: z.strictObject({
    kind: z.enum(tracedKinds),
    key: z
      .string()
      .regex(/^[\w-]{12}$/)
      .meta({ description: 'The pseudonym.' }),
    after: idOf('asm', 'The `next` of an earlier page.').optional(),
  }),
  reply: {
    status: 200,
    schema: z
      .strictObject({ assessments: z.array(traced), next: z.string().nullable() })
      .meta({ id: 'AssessmentPage' }),
    description: 'A page of assessments; `next` is null on the last one.',
  },
  handle: async ({ deps, caller, query: { kind, key, after = null } }) => {
    const found = await deps.store.assessments.ofEntity(caller.merchantId, { kind, key }, after, pageMax);
    return {
      document: {
        assessments: found.map(({ checkoutId, fraud, ...assessment }) => ({
          ...toWireAssessment(assessment),
          order: checkoutId === null ? null : orderIdOf(checkoutId),
          fraud,
        })),
        next: found.length < pageMax ? null : (found.at(-1)?.id ?? null),
      },
    };
  },
});
