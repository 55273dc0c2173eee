import { assessmentMade } from '../domain/events/assessment-made.ts';
import type { AssessmentEvent } from '../domain/risk/decision.ts';
import type { Signals } from '../domain/risk/signals.ts';
import type { AssessmentId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { NewRequest } from '../domain/request.ts';
import type { Deps } from './deps.ts';
import { type Answer, earlier, fresh } from './answer.ts';
import { traced } from './traced.ts';

export type AssessmentAsk = {
  readonly request: NewRequest;
  readonly event: AssessmentEvent;
  /** When it happened. */
  readonly at: Instant;
  readonly signals: Signals;
  /** Makes what the visitor is to solve, after the decision `challenge`. */
  readonly challenge: (id: AssessmentId) => Promise<object>;
};

/** Judges an event outside a checkout of ours: a sign-up, a card being added, a login, or a checkout paid elsewhere. */
export async function createAssessment(deps: Deps, ask: AssessmentAsk): Promise<Answer> {
  const known = earlier(await deps.store.requests.find(ask.request), ask.request);
  if (known !== null) return known;

  const question = {
    merchantId: ask.request.merchantId,
    event: ask.event,
    at: ask.at,
    signals: ask.signals,
  };
  const assessment = await deps.risk.assess({ ...question, id: deps.newId('asm') });
  const told = traced(deps, assessmentMade(deps.newId('evt'), assessment), null);
  const challenge = assessment.decision === 'challenge' ? await ask.challenge(assessment.id) : null;
  const rendered = deps.render.assessment(assessment, challenge);
  const reply = { ...rendered, status: 201 };
  const saved = await deps.store.assessments.save(assessment, told, { ...ask.request, reply });
  if (saved === 'request_taken') return createAssessment(deps, ask);
  deps.risk.observe({ ...question, what: assessment.decision === 'block' ? 'refused' : 'attempted' });
  return fresh(reply);
}
