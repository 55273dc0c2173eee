import { expect } from '@jest/globals';
import type { AttemptOutcome, MovementOutcome } from '../../src/domain/payment/outcome.ts';
import type { Testimony, Witness } from '../../src/domain/payment/witness.ts';
import type { AttemptSubject, MovementSubject, WebhookBody } from '../../src/psp/psp.ts';
import { become, subjectOf, type Stand } from './stand.ts';

export function keyOf({ attempt }: AttemptSubject) {
  return { key: attempt.request.pspKey };
}

export async function held(stand: Stand) {
  const subject = subjectOf({ method: stand.methods.succeeds, capture: false });
  return authorized(subject, await stand.psp.authorize(subject));
}

export async function captured(stand: Stand) {
  const subject = subjectOf({ method: stand.methods.succeeds });
  return authorized(subject, await stand.psp.authorize(subject));
}

function authorized(subject: AttemptSubject, outcome: AttemptOutcome) {
  if (outcome.kind !== 'authorized') throw new Error(`not authorised: ${outcome.kind}`);
  return { subject, outcome, pspReference: outcome.pspReference };
}

export async function challenged(stand: Stand) {
  const subject = subjectOf({ method: stand.methods.challenges });
  const outcome = await stand.psp.authorize(subject);
  if (outcome.kind !== 'requires_action') throw new Error(`not challenged: ${outcome.kind}`);
  const { pspReference, action } = outcome;
  return { subject, action, waiting: become(subject, { state: 'requires_action', pspReference, action }) };
}

/** Moves money and waits for the truth, which some PSPs tell by webhook only. */
export async function settled(stand: Stand, subject: MovementSubject): Promise<MovementOutcome> {
  return outcomeOf(stand, subject, await stand.psp.move(subject));
}

export async function outcomeOf(
  stand: Stand,
  { movement }: MovementSubject,
  first: MovementOutcome,
): Promise<MovementOutcome> {
  if (first.kind !== 'pending') return first;
  const testimony = await testified(
    stand,
    (each) => each.about === 'movement' && each.ref.movementId === movement.id,
  );
  if (testimony.about !== 'movement') throw new Error('not about a movement');
  expect(testimony.ref.pspReference).toBe(first.pspReference);
  return testimony.outcome;
}

export function witnessesIn(stand: Stand, bodies: readonly WebhookBody[]): Witness[] {
  return bodies.flatMap((body) => {
    const reading = stand.psp.readWebhook(body);
    return reading.kind === 'witnesses' ? [...reading.witnesses] : [];
  });
}

/** Waits until a webhook has said it. The test's own timeout ends the waiting. */
export async function testified(stand: Stand, wanted: (testimony: Testimony) => boolean): Promise<Testimony> {
  for (;;) {
    const found = witnessesIn(stand, stand.heard()).find(({ testimony }) => wanted(testimony));
    if (found !== undefined) return found.testimony;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
