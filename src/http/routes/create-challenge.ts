import { z } from 'zod';
import { purposes } from '../challenge/challenge.ts';
import { challengeShown } from '../codec/challenge.ts';
import { route } from '../route.ts';

export const createChallenge = route({
  operationId: 'createChallenge',
  method: 'get',
  path: '/v1/challenges',
  tag: 'Challenges',
  summary: 'Ask for a challenge',
  description:
    'A call that was refused with `challenge_required` goes through when it is repeated with the solution in the ' +
    '`Tillgate-Challenge-Solution` header. The refusal brings a challenge, and so does an assessment whose decision is ' +
    '`challenge`; this is for a fresh one. Browsers ask with a publishable key alone. A `proof_of_work` is solved by ' +
    'ALTCHA’s widget: the solution is the text that it posts. One solution serves one request, however often that is repeated.',
  scope: 'checkouts',
  client: true,
  anyBrowser: true,
  query: z.strictObject({
    purpose: z.enum(purposes).meta({ description: 'What the solution will be shown for.' }),
    subject: z
      .string()
      .regex(/^(chk|asm)_[0-9a-hjkmnp-tv-z]{26}$/)
      .optional()
      .meta({
        description:
          'The checkout that is to be confirmed, or the assessment whose decision is `challenge`. Absent: the shop.',
      }),
  }),
  reply: {
    status: 200,
    schema: challengeShown,
    description: 'What the browser is to solve.',
  },
  handle: async ({ caller: { merchantId }, query, gate }) => ({
    document: await gate.issue(merchantId, query.purpose, query.subject ?? merchantId),
  }),
});
