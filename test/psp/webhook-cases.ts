import { expect } from '@jest/globals';
import { captured, testified, witnessesIn } from './steps.ts';
import { money, type Case } from './stand.ts';

/** What a PSP says by itself, and what only pretends to be a PSP. */
export const webhookCases: Readonly<Record<string, Case>> = {
  'a webhook testifies to a success with amount and attempt': async (stand) => {
    const { subject, pspReference } = await captured(stand);
    const testimony = await testified(
      stand,
      (each) => each.about === 'attempt' && each.ref.attemptId === subject.attempt.id,
    );
    expect(testimony).toMatchObject({
      ref: { pspReference },
      outcome: { kind: 'authorized', pspReference, amount: money(1299n), captured: money(1299n) },
    });
  },
  'a webhook that was tampered with is refused [F4.4][F4.5]': async (stand) => {
    const { subject } = await captured(stand);
    await testified(stand, (each) => each.about === 'attempt' && each.ref.attemptId === subject.attempt.id);
    const genuine = stand.heard().filter((body) => stand.psp.readWebhook(body).kind === 'witnesses');
    expect(genuine).toHaveLength(stand.heard().length);
    const example = genuine.find((body) => Buffer.from(body.raw).includes(subject.attempt.id));
    for (const [how, body] of stand.forged(example!)) {
      expect({ how, ...stand.psp.readWebhook(body) }).toMatchObject({ how, kind: 'refused' });
    }
  },
  'a webhook is understood while its secret is rotated, and not after [F4.8]': async (stand) => {
    await captured(stand);
    const body = stand.heard().at(-1)!;
    expect(stand.rotated.still.readWebhook(body).kind).toBe('witnesses');
    expect(stand.rotated.no_longer.readWebhook(body).kind).toBe('refused');
  },
  'a webhook delivered twice has one message id [F4.1]': async (stand) => {
    await captured(stand);
    const body = stand.heard().at(-1)!;
    const ids = [body, body].map((each) => witnessesIn(stand, [each]).map(({ messageId }) => messageId));
    expect(ids[0]).toEqual(ids[1]);
    expect(new Set(ids[0]).size).toBe(ids[0]?.length);
  },
  'a dispute and a fraud report name the payment': async (stand) => {
    for (const what of ['dispute', 'fraud'] as const) {
      const { subject, pspReference } = await captured(stand);
      await stand.afterwards(subject, what);
      const testimony = await testified(
        stand,
        (each) => each.about === what && each.ref.pspReference === pspReference,
      );
      if (what === 'dispute')
        expect(testimony).toMatchObject({ dispute: { state: 'opened', amount: money(1299n) } });
    }
  },
};
