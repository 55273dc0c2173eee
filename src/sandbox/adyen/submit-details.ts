import { conclude } from './conclude-payment.ts';
import { paymentAnswer } from './payment-answer.ts';
import { latest, type Sandbox } from './sandbox.ts';
import { returnedIn } from './shopper.ts';
import { objectAt, problem, textAt, type Json, type Reply } from './wire.ts';

/** The electronic commerce indicator that each scheme gives to an authentication. */
const eciOf: Readonly<Record<string, readonly [visa: string, mastercard: string]>> = {
  Y: ['05', '02'],
  A: ['06', '01'],
};

/**
 * `POST /payments/details`: the shopper is back. A step's token is worth one use; whoever brings it again hears how
 * that payment stands now, so that a page loaded twice changes nothing.
 */
export function submitDetails(sandbox: Sandbox, body: Json): Reply {
  const returned = returnedIn(objectAt(body, 'details'));
  if (returned === undefined) return problem(422, '14_030', 'Invalid details: the result cannot be read');
  const pspReference = sandbox.ledger.byToken.get(returned.token);
  if (pspReference === undefined)
    return problem(422, '14_031', 'The payment session is unknown or has expired');
  const paymentData = textAt(body, 'paymentData');
  if (paymentData !== '' && sandbox.ledger.byToken.get(paymentData) !== pspReference) {
    return problem(422, '14_032', 'paymentData belongs to another payment than details');
  }
  const payment = latest(sandbox, pspReference);
  if (payment.state.is === 'waiting' && payment.state.step.token === returned.token) {
    const { step } = payment.state;
    if ((step.kind === 'redirect') !== (returned.how === 'redirect')) {
      return problem(422, '14_033', `This payment waits for a ${step.kind}`);
    }
    if (step.kind === 'fingerprint' && step.challenge) {
      const next = { kind: 'challenge', token: sandbox.newReference(), challenge: true } as const;
      sandbox.ledger.append({ kind: 'state', pspReference, state: { is: 'waiting', step: next } });
    } else if (returned.transStatus === 'cancelled') {
      const cancelled = { resultCode: 'Cancelled', code: '16', reason: 'Shopper Cancelled' } as const;
      conclude(sandbox, payment, undefined, cancelled);
    } else {
      const { transStatus } = returned;
      const eci = eciOf[transStatus]?.[payment.card.brand === 'mc' ? 1 : 0] ?? '07';
      conclude(sandbox, payment, { transStatus, eci, external: false });
    }
  }
  return paymentAnswer(sandbox, latest(sandbox, pspReference));
}
