import { z } from 'zod';
import { createAssessment as assess } from '../../flows/create-assessment.ts';
import { assessmentEvents } from '../../domain/risk/decision.ts';
import { aboutBuyer, callOfEvent, leftByAssessment } from '../codec/about.ts';
import { challengeShown } from '../codec/challenge.ts';
import { assessmentShown } from '../codec/checkout.ts';
import { allSignals, fromWireSignals, occurredAt } from '../codec/signals.ts';
import { route } from '../route.ts';

export const createAssessment = route({
  operationId: 'createAssessment',
  method: 'post',
  path: '/v1/assessments',
  tag: 'Assessments',
  summary: 'Assess a sign-up, a new card, a login or a checkout',
  description:
    'Scores the signals with the shop’s model, applies the policy of the event, and says what to do and why.',
  scope: 'assessments',
  call: 'create',
  about: ({ event, signals }) => ({ call: callOfEvent[event], keys: aboutBuyer(signals) }),
  outcomeOf: leftByAssessment,
  body: z
    .strictObject({
      event: z.enum(assessmentEvents),
      signals: allSignals,
      outcome: z
        .enum(['succeeded', 'failed'])
        .optional()
        .meta({
          description:
            'Of a login whose password you have checked and whose visitor you have not answered yet: limits take a ' +
            'wrong password for six logins, and a guesser is to learn nothing once they hold.',
        }),
    })
    .refine(({ event, outcome }) => outcome === undefined || event === 'login', {
      error: 'goes with a login only',
      path: ['outcome'],
    })
    .meta({ id: 'CreateAssessment' }),
  moves: 'create_assessment',
  reply: {
    status: 201,
    schema: assessmentShown
      .extend({
        challenge: challengeShown.nullable().meta({
          description:
            'After the decision `challenge`: for the visitor’s browser to solve; show the solution with solveChallenge.',
        }),
      })
      .meta({ id: 'NewAssessment' }),
    description: 'The assessment.',
  },
  handle: ({ deps, caller, body, request, gate }) => {
    const at = occurredAt(body.signals, caller, deps.clock());
    if (typeof at === 'object') return Promise.resolve(at);
    return assess(deps, {
      request,
      event: body.event,
      at,
      signals: fromWireSignals(body.signals),
      challenge: (id) => gate.issue(caller.merchantId, callOfEvent[body.event], id),
    });
  },
});
