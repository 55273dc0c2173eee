import { expect } from '@jest/globals';
import { captured, challenged, held, settled } from './steps.ts';
import { money, movementOf, subjectOf, type Case } from './stand.ts';

/** Paying, authenticating and moving money, when everything is heard. */
export const paymentCases: Readonly<Record<string, Case>> = {
  'a payment captured at once is authorised and captured once': async (stand) => {
    const subject = subjectOf({ method: stand.methods.succeeds });
    const outcome = await stand.psp.authorize(subject);
    expect(outcome).toMatchObject({
      kind: 'authorized',
      amount: money(1299n),
      captured: money(1299n),
      card: { brand: 'visa', last4: expect.any(String), fingerprint: expect.any(String) },
    });
    expect(await stand.books(subject)).toMatchObject({ authorisations: [1299], captures: [1299] });
  },
  'a payment captured by hand is only authorised first': async (stand) => {
    const { subject, pspReference, outcome } = await held(stand);
    expect(outcome).not.toHaveProperty('captured');
    expect((await stand.books(subject)).captures).toEqual([]);
    expect(await settled(stand, movementOf(subject, pspReference, 'capture', 1299n))).toMatchObject({
      kind: 'succeeded',
      amount: money(1299n),
    });
    expect((await stand.books(subject)).captures).toEqual([1299]);
  },
  'a part can be captured': async (stand) => {
    const { subject, pspReference } = await held(stand);
    const outcome = await settled(stand, movementOf(subject, pspReference, 'capture', 500n));
    expect(outcome).toMatchObject({ kind: 'succeeded', amount: money(500n) });
    expect((await stand.books(subject)).captures).toEqual([500]);
  },
  'several parts are captured, and each says its own amount': async (stand) => {
    const { subject, pspReference } = await held(stand);
    for (const [amount, final] of [
      [300n, false],
      [400n, false],
      [100n, true],
    ] as const) {
      const outcome = await settled(stand, movementOf(subject, pspReference, 'capture', amount, final));
      expect(outcome).toMatchObject({ kind: 'succeeded', amount: money(amount) });
    }
    expect((await stand.books(subject)).captures).toEqual([300, 400, 100]);
  },
  'more than was authorised cannot be captured': async (stand) => {
    const { subject, pspReference } = await held(stand);
    expect((await settled(stand, movementOf(subject, pspReference, 'capture', 1300n))).kind).toBe('failed');
    expect((await stand.books(subject)).captures).toEqual([]);
  },
  'an authorisation is raised': async (stand) => {
    const { subject, pspReference } = await held(stand);
    const outcome = await settled(stand, movementOf(subject, pspReference, 'increment', 100n));
    expect(outcome).toMatchObject({ kind: 'succeeded', amount: money(100n) });
    expect((await stand.books(subject)).authorised).toBe(1399);
  },
  'an authorisation is voided': async (stand) => {
    const { subject, pspReference } = await held(stand);
    expect(await settled(stand, movementOf(subject, pspReference, 'void', 1299n))).toMatchObject({
      kind: 'succeeded',
    });
    expect(await stand.books(subject)).toMatchObject({ voided: 1299, captures: [] });
  },
  'what is captured cannot be voided': async (stand) => {
    const { subject, pspReference } = await captured(stand);
    expect((await settled(stand, movementOf(subject, pspReference, 'void', 1299n))).kind).toBe('failed');
    expect((await stand.books(subject)).voided).toBe(0);
  },
  'a part and then the rest is refunded': async (stand) => {
    const { subject, pspReference } = await captured(stand);
    for (const amount of [500n, 799n]) {
      const outcome = await settled(stand, movementOf(subject, pspReference, 'refund', amount));
      expect(outcome).toMatchObject({ kind: 'succeeded', amount: money(amount) });
    }
    expect((await stand.books(subject)).refunds).toEqual([500, 799]);
  },
  'more than was captured cannot be refunded': async (stand) => {
    const { subject, pspReference } = await captured(stand);
    expect((await settled(stand, movementOf(subject, pspReference, 'refund', 1300n))).kind).toBe('failed');
    expect((await stand.books(subject)).refunds).toEqual([]);
  },
  'each decline has its code': async (stand) => {
    for (const [method, code] of stand.declines) {
      const subject = subjectOf({ method });
      expect(await stand.psp.authorize(subject)).toMatchObject({ kind: 'declined', decline: { code } });
      expect((await stand.books(subject)).authorisations).toEqual([]);
    }
  },
  'a challenge that is passed authorises with the liability at the issuer': async (stand) => {
    const { subject, waiting, action } = await challenged(stand);
    const outcome = await stand.psp.completeAction(waiting, await stand.act(subject, action, 'passes'));
    expect(outcome).toMatchObject({
      kind: 'authorized',
      authentication: { method: 'challenge', liability: 'issuer' },
    });
    expect((await stand.books(subject)).captures).toEqual([1299]);
  },
  'a challenge that fails declines': async (stand) => {
    const { subject, waiting, action } = await challenged(stand);
    const outcome = await stand.psp.completeAction(waiting, await stand.act(subject, action, 'fails'));
    expect(outcome).toMatchObject({ kind: 'declined', decline: { code: 'authentication_failed' } });
    expect((await stand.books(subject)).authorisations).toEqual([]);
  },
  'a challenge that is abandoned can be given up': async (stand) => {
    const { subject, waiting } = await challenged(stand);
    expect((await stand.psp.ask(waiting)).kind).toBe('requires_action');
    expect((await stand.psp.cancel(waiting)).kind).toBe('canceled');
    expect((await stand.books(subject)).authorisations).toEqual([]);
  },
  'coming back twice charges once': async (stand) => {
    const { subject, waiting, action } = await challenged(stand);
    const brought = await stand.act(subject, action, 'passes');
    const first = await stand.psp.completeAction(waiting, brought);
    expect(await stand.psp.completeAction(waiting, brought)).toEqual(first);
    expect((await stand.books(subject)).authorisations).toEqual([1299]);
  },
  'coming back for another payment does not pay this one': async (stand) => {
    const mine = await challenged(stand);
    const other = await challenged(stand);
    const brought = await stand.act(other.subject, other.action, 'passes');
    expect((await stand.psp.completeAction(mine.waiting, brought)).kind).toBe('requires_action');
    expect((await stand.psp.completeAction(mine.waiting, {})).kind).toBe('requires_action');
    expect((await stand.psp.completeAction(mine.waiting, { redirectResult: 'x' })).kind).toBe(
      'requires_action',
    );
    expect((await stand.books(mine.subject)).authorisations).toEqual([]);
  },
  'an authentication without a challenge puts the liability at the issuer': async (stand) => {
    expect(await stand.frictionless()).toMatchObject({
      kind: 'authorized',
      authentication: { method: 'frictionless', liability: 'issuer' },
    });
  },
  'a soft decline asks for authentication, and a challenge then answers it': async (stand) => {
    const method = stand.methods.wants_authentication;
    const off = await stand.psp.authorize(subjectOf({ method, initiator: 'merchant' }));
    expect(off).toMatchObject({ kind: 'declined', decline: { code: 'authentication_required' } });
    const again = await stand.psp.authorize(subjectOf({ method, authentication: 'challenge' }));
    expect(again.kind).toBe('requires_action');
  },
  'a stored method pays without the buyer': async (stand) => {
    const subject = subjectOf({ ...(await stand.stored()), initiator: 'merchant' });
    expect((await stand.psp.authorize(subject)).kind).toBe('authorized');
    expect((await stand.books(subject)).captures).toEqual([1299]);
  },
  'a stored method that is detached pays no more, and detaching it again changes nothing': async (stand) => {
    const { method, pspCustomer = null } = await stand.stored();
    const kept = { token: method, pspCustomer };
    expect((await stand.unreachable.detach(kept)).kind).toBe('not_sent');
    expect(await stand.psp.detach(kept)).toEqual({ kind: 'detached' });
    expect(await stand.psp.detach(kept)).toEqual({ kind: 'detached' });
    const names = pspCustomer === null ? { method } : { method, pspCustomer };
    const subject = subjectOf({ ...names, initiator: 'merchant' });
    expect((await stand.psp.authorize(subject)).kind).not.toBe('authorized');
    expect((await stand.books(subject)).authorisations).toEqual([]);
  },
};
