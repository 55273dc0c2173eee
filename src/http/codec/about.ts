import { z } from 'zod';
import type { AssessmentEvent } from '../../domain/risk/decision.ts';
import type { Purpose } from '../challenge/challenge.ts';
import type { Left } from '../rate-limit/gate.ts';
import type { Visit } from '../rate-limit/rate-limiter.ts';
import type { allSignals, observedSignals } from './signals.ts';

type Wire = z.output<typeof observedSignals> & Partial<Pick<z.output<typeof allSignals>, 'customer'>>;

/**
 * What limits count a buyer by. Nothing when it happened at another time: limits count what happens now. A card that is
 * not told by its fingerprint is counted by its token.
 */
export function aboutBuyer({ card, device, customer, occurred_at }: Wire, token?: string): Visit['keys'] {
  if (occurred_at !== undefined) return {};
  return {
    card: card?.fingerprint ?? token,
    bin: card?.bin?.slice(0, 6),
    email: customer?.email?.toLowerCase(),
    device: device?.id,
    address: device?.ip,
  };
}

export const callOfEvent: Readonly<Record<AssessmentEvent, Purpose>> = {
  account_creation: 'sign_up',
  login: 'login',
  add_card: 'add_card',
  checkout: 'create',
};

const concluded = z.object({
  status: z.string(),
  decline: z.object({}).nullable(),
  assessment: z.object({ decision: z.string(), score: z.number().nullable() }).nullable(),
});

/** A decline and a block are failures; what is pending, or waits for the buyer, is neither. */
export function leftByConfirm(reply: string): Left | null {
  const { status, decline, assessment } = concluded.parse(JSON.parse(reply));
  const score = assessment?.score ?? null;
  if (decline !== null) return { became: 'declined', score };
  if (assessment?.decision === 'block') return { became: 'refused', score };
  return status === 'completed' ? { became: 'approved', score } : null;
}

const keeping = z.object({ status: z.string() });

/** A card that its issuer does not let be kept was tried, like one that is declined. */
export function leftByKeeping(reply: string): Left {
  return { became: keeping.parse(JSON.parse(reply)).status === 'declined' ? 'declined' : 'approved' };
}

const judged = z.object({ decision: z.string(), score: z.number().nullable() });

/** What the policy blocks weighs as a failure, and so does a login that the shop's server has refused. */
export function leftByAssessment(
  reply: string,
  { outcome }: { readonly outcome?: 'failed' | 'succeeded' | undefined },
): Left {
  const { decision, score } = judged.parse(JSON.parse(reply));
  return { became: decision === 'block' || outcome === 'failed' ? 'refused' : 'assessed', score };
}
