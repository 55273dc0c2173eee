import { z } from 'zod';
import { type End, type Shop, codeOf, endOf, post, solution } from './shoppers.ts';

/** A person or a bot who signs up or logs in. */
export type Visitor = {
  readonly address: string;
  readonly email: string;
  readonly device: string;
  /** Whether the password, where there is one, is wrong. */
  readonly mistyped: boolean;
  readonly solves: boolean;
  readonly patient: boolean;
};

export function signUp(place: Shop, visitor: Visitor): Promise<End> {
  return visit(place, visitor, 'sign_up', { event: 'account_creation' });
}

export function logIn(place: Shop, visitor: Visitor): Promise<End> {
  return visit(place, visitor, 'login', {
    event: 'login',
    outcome: visitor.mistyped ? 'failed' : 'succeeded',
  });
}

const assessed = z.object({ id: z.string(), decision: z.string() });

/** The shop's server asks, and hands on the challenges that it is answered with. */
async function visit(
  place: Shop,
  { address, email, device, solves, patient }: Visitor,
  purpose: 'sign_up' | 'login',
  event: object,
): Promise<End> {
  const { api, secret } = place;
  const body = {
    ...event,
    signals: {
      device: { id: device, ip: address },
      customer: { email },
      ...(patient && { behaviour: { form_seconds: 30, pastes: 0, honeypot_filled: false } }),
    },
  };
  const browser = { 'x-forwarded-for': address };
  let reply = await post(api, '/v1/assessments', secret, body);
  if (codeOf(reply) === 'challenge_required' && solves) {
    const solved = await solution(place, purpose, null, browser);
    reply = await post(api, '/v1/assessments', secret, body, { 'tillgate-challenge-solution': solved });
  }
  if (reply.status !== 201) return endOf(reply);
  const { id, decision } = assessed.parse(reply.body);
  if (decision === 'block') return 'blocked';
  if (decision !== 'challenge') return 'asked';
  if (!solves) return 'challenged';
  const solved = await solution(place, purpose, id, browser);
  const shown = await post(api, `/v1/assessments/${id}/challenge`, secret, { solution: solved });
  return shown.status === 200 ? 'asked' : endOf(shown);
}
