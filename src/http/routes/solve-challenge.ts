import { z } from 'zod';
import { callOfEvent } from '../codec/about.ts';
import { idOf } from '../codec/parts.ts';
import { problemOf } from '../problem.ts';
import { route } from '../route.ts';

export const solveChallenge = route({
  operationId: 'solveChallenge',
  method: 'post',
  path: '/v1/assessments/{assessment_id}/challenge',
  tag: 'Challenges',
  summary: 'Show the solution that an assessment asked for',
  description:
    'After the decision `challenge`, the browser gets a challenge (`GET /v1/challenges`, with the assessment as its ' +
    'subject), and the shop’s server shows the solution here before it goes on. A solution holds for this assessment alone.',
  scope: 'assessments',
  params: z.strictObject({ assessment_id: idOf('asm', 'The assessment.') }),
  body: z.strictObject({ solution: z.string().min(1).max(4_096) }).meta({ id: 'SolveChallenge' }),
  reply: {
    status: 200,
    schema: z
      .strictObject({ assessment: z.string(), solved: z.literal(true) })
      .meta({ id: 'SolvedChallenge' }),
    description: 'The challenge is solved. Asking again with the same solution gives the same answer.',
  },
  problems: ['challenge_failed'],
  handle: async ({ deps, caller, params, body, gate }) => {
    const assessment = await deps.store.assessments.find(caller.merchantId, params.assessment_id);
    if (assessment === null) return { problem: { code: 'not_found' } };
    const verdict = await gate.verify(body.solution, {
      purpose: callOfEvent[assessment.event],
      subject: assessment.id,
      holder: assessment.id,
      address: caller.address,
    });
    return verdict.ok
      ? { document: { assessment: assessment.id, solved: true } }
      : { problem: problemOf(verdict) };
  },
});
