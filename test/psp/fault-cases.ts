import { expect } from '@jest/globals';
import type { MovementKind } from '../../src/domain/payment/movement.ts';
import { captured, held, keyOf, outcomeOf } from './steps.ts';
import { become, money, movementOf, subjectOf, type Case, type Stand } from './stand.ts';

/** What a lost, late, wrong or repeated answer must not do. */
export const faultCases: Readonly<Record<string, Case>> = {
  'an amount that the PSP cannot write is not sent': async (stand) => {
    const subject = subjectOf({ method: stand.methods.succeeds, amount: stand.notWritable });
    expect((await stand.psp.authorize(subject)).kind).toBe('not_sent');
    expect((await stand.books(subject)).authorisations).toEqual([]);
  },
  'a PSP that cannot be reached was not sent anything': async (stand) => {
    const subject = subjectOf({ method: stand.methods.succeeds });
    expect((await stand.unreachable.authorize(subject)).kind).toBe('not_sent');
  },
  'a question that cannot be asked leaves the outcome unknown': async (stand) => {
    const subject = subjectOf({ method: stand.methods.succeeds });
    expect((await stand.unreachable.ask(subject)).kind).toBe('unknown');
    const movement = movementOf(subject, 'any', 'refund', 1n);
    expect((await stand.unreachable.askMovement(movement)).kind).toBe('unknown');
  },
  'a call that is turned away is not sent, and can be made again [F2.6]': async (stand) => {
    const subject = subjectOf({ method: stand.methods.succeeds });
    await stand.fault({ match: keyOf(subject), when: 'before', do: 'rate_limit' });
    expect((await stand.psp.authorize(subject)).kind).toBe('not_sent');
    expect((await stand.psp.authorize(subject)).kind).toBe('authorized');
    expect((await stand.books(subject)).authorisations).toEqual([1299]);
  },
  ...Object.fromEntries(
    Object.entries({
      'a timeout before charging': { when: 'before', do: 'hang' },
      'a timeout after charging [F2.1]': { when: 'after', do: 'hang' },
      'an error before charging': { when: 'before', do: 'error' },
      'an error after charging [F2.2]': { when: 'after', do: 'error' },
      'a reset after charging': { when: 'after', do: 'reset' },
      'a reset in the body [F2.3]': { when: 'after', do: 'reset_in_body' },
      'half a body [F2.4]': { when: 'after', do: 'truncate' },
      'a page of HTML [F2.5]': { when: 'after', do: 'html' },
      'a page of HTML with 502 [F2.5]': { when: 'after', do: 'html', status: 502 },
      'a redirect [F2.10]': { when: 'after', do: 'redirect' },
      'a permanent redirect [F2.10]': { when: 'after', do: 'redirect', status: 308 },
      'an endless drip [F2.11]': { when: 'after', do: 'drip' },
    }).map(([what, fault]) => [`${what} is unknown, and asking finds one charge`, unheard(fault)]),
  ),
  ...Object.fromEntries(
    (['amount', 'currency', 'id'] as const).map((field, index) => [
      `another ${field} in the answer is told as it was said [F2.${7 + index}]`,
      async (stand: Stand) => {
        const subject = subjectOf({ method: stand.methods.succeeds });
        await stand.fault({ match: keyOf(subject), do: 'alter', set: stand.altered[field] });
        const outcome = await stand.psp.authorize(subject);
        const asSaid = {
          amount: { amount: money(1n) },
          currency: { amount: money(1299n, 'USD') },
          id: { pspReference: Object.values(stand.altered.id)[0] },
        };
        expect(outcome).toMatchObject({ kind: 'authorized', ...asSaid[field] });
      },
    ]),
  ),
  'an answer about another attempt is not believed': async (stand) => {
    const subject = subjectOf({ method: stand.methods.succeeds });
    await stand.fault({ match: keyOf(subject), do: 'alter', set: stand.altered.attempt });
    expect((await stand.psp.authorize(subject)).kind).toBe('unknown');
    expect((await stand.psp.ask(subject)).kind).toBe('authorized');
  },
  'the same call again is the same charge': async (stand) => {
    const subject = subjectOf({ method: stand.methods.succeeds });
    const first = await stand.psp.authorize(subject);
    expect(await stand.psp.authorize(subject)).toEqual(first);
    expect(await stand.psp.ask(subject)).toEqual(first);
    expect((await stand.books(subject)).authorisations).toEqual([1299]);
  },
  'ten calls at once are one charge': async (stand) => {
    const subject = subjectOf({ method: stand.methods.succeeds });
    await stand.fault({ match: keyOf(subject), when: 'before', do: 'delay', ms: 200 });
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => stand.psp.authorize(subject)));
    const kinds = new Set(outcomes.map(({ kind }) => kind));
    expect([...kinds].filter((kind) => kind !== 'authorized' && kind !== 'unknown')).toEqual([]);
    expect((await stand.psp.ask(subject)).kind).toBe('authorized');
    expect((await stand.books(subject)).authorisations).toEqual([1299]);
  },
  'the same key with another amount charges nothing more': async (stand) => {
    const subject = subjectOf({ method: stand.methods.succeeds });
    await stand.psp.authorize(subject);
    const request = { ...subject.attempt.request, amount: money(999n) };
    const other = { ...subject, attempt: { ...subject.attempt, request } };
    expect((await stand.psp.authorize(other)).kind).toBe('unknown');
    expect((await stand.books(subject)).authorisations).toEqual([1299]);
  },
  ...Object.fromEntries(
    (['capture', 'refund', 'void', 'increment'] as const).flatMap((kind) =>
      (['hang', 'error'] as const).map((fault) => [
        `the ${kind} whose answer is lost (${fault}) happens once`,
        (stand: Stand) => lostMovement(stand, kind, fault),
      ]),
    ),
  ),
  'the same movement again moves money once': async (stand) => {
    const { subject, pspReference } = await captured(stand);
    const refund = movementOf(subject, pspReference, 'refund', 100n);
    await Promise.all([stand.psp.move(refund), stand.psp.move(refund)]);
    await stand.psp.move(refund);
    expect((await stand.books(subject)).refunds).toEqual([100]);
  },
};

function unheard(fault: object) {
  return async (stand: Stand): Promise<void> => {
    const subject = subjectOf({ method: stand.methods.succeeds });
    await stand.fault({ match: keyOf(subject), ...fault });
    const outcome = await stand.psp.authorize(subject);
    expect(outcome.kind).toBe('unknown');
    const asked = become(subject, { state: 'unknown', cause: 'unheard' });
    expect(await stand.psp.ask(asked)).toMatchObject({ kind: 'authorized', amount: money(1299n) });
    expect((await stand.books(subject)).authorisations).toEqual([1299]);
  };
}

async function lostMovement(stand: Stand, kind: MovementKind, fault: 'hang' | 'error'): Promise<void> {
  const { subject, pspReference } = kind === 'refund' ? await captured(stand) : await held(stand);
  const amount = kind === 'void' ? 1299n : 100n;
  const movement = movementOf(subject, pspReference, kind, amount);
  await stand.fault({ match: { key: movement.movement.pspKey }, when: 'after', do: fault });
  expect((await stand.psp.move(movement)).kind).toBe('unknown');
  const asked = {
    ...movement,
    movement: { ...movement.movement, state: 'unknown' as const, cause: 'unheard' },
  };
  expect(await outcomeOf(stand, asked, await stand.psp.askMovement(asked))).toMatchObject({
    kind: 'succeeded',
  });
  const books = await stand.books(subject);
  const moved = {
    capture: books.captures,
    refund: books.refunds,
    void: [books.voided],
    increment: [books.authorised - 1299],
  };
  expect(moved[kind]).toEqual([Number(amount)]);
}
