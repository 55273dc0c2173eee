import { z } from 'zod';
import { refuse } from '../../domain/refusal.ts';
import { assessmentShown } from '../codec/checkout.ts';
import { idOf } from '../codec/parts.ts';
import { toWireAssessment } from '../render/checkout.ts';
import { route } from '../route.ts';

const explained = assessmentShown
  .extend({
    rules_fired: z.array(z.string()),
    rules_failed: z
      .array(z.string())
      .meta({ description: 'Rules that could not be evaluated: not the same as false.' }),
    rules_snoozed: z
      .array(z.string())
      .meta({ description: 'Rules that were true and that a snooze silenced for this customer.' }),
    contributions: z.array(z.strictObject({ feature: z.string(), log_odds: z.number() })),
    features: z.record(z.string(), z.number().nullable()).meta({ description: 'Null is unknown.' }),
    entities: z
      .record(z.string(), z.string())
      .meta({ description: 'Pseudonyms of buyer, card, device and so on.' }),
    versions: z.strictObject({
      model: z.string().nullable(),
      policy: z.string(),
      features: z.string(),
      reference_data: z.record(z.string(), z.string()),
    }),
    shadows: z.array(
      z.strictObject({
        name: z.string(),
        decision: z.string(),
        score: z.number().nullable(),
        rules_fired: z.array(z.string()),
        failed: z.boolean().meta({
          description: 'It could not be evaluated: the decision is what its policy states for that.',
        }),
      }),
    ),
  })
  .meta({ id: 'Assessment' });

export const getAssessment = route({
  operationId: 'getAssessment',
  method: 'get',
  path: '/v1/assessments/{assessment_id}',
  tag: 'Assessments',
  summary: 'Read an assessment with all it was made from',
  description:
    'Every feature value, rule and version behind a decision: enough to make it again, bit for bit.',
  scope: 'assessments',
  params: z.strictObject({ assessment_id: idOf('asm', 'The assessment.') }),
  reply: { status: 200, schema: explained, description: 'The assessment.' },
  handle: async ({ deps, caller, params }) => {
    const assessment = await deps.store.assessments.find(caller.merchantId, params.assessment_id);
    if (assessment === null) return refuse('not_found', 'There is no such assessment.');
    const { referenceData, ...versions } = assessment.versions;
    const document: z.input<typeof explained> = {
      ...toWireAssessment(assessment),
      rules_fired: [...assessment.rulesFired],
      rules_failed: [...assessment.rulesFailed],
      rules_snoozed: [...assessment.rulesSnoozed],
      contributions: assessment.reasons.flatMap((reason) =>
        reason.kind === 'feature' ? [{ feature: reason.code, log_odds: reason.contribution }] : [],
      ),
      features: { ...assessment.features },
      entities: { ...assessment.entities },
      versions: { ...versions, reference_data: { ...referenceData } },
      shadows: assessment.shadows.map(({ name, decision, score, rulesFired, failed }) => ({
        name,
        decision,
        score,
        rules_fired: [...rulesFired],
        failed: failed === true,
      })),
    };
    return { document };
  },
});
