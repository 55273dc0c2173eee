import type { ChallengeProvider, Proof } from '../challenge/challenge.ts';
import { type Problem, problemOf } from '../problem.ts';
import type { AttackSwitch } from './attack-switch.ts';
import type { Call } from './limits.ts';
import { limitProblem, type RateLimiter, type Visit } from './rate-limiter.ts';

export type Entry =
  | { readonly ok: true; readonly headers: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly problem: Problem };

/** What bots meet before they reach the product: limits, the shop's attack profile, and a challenge where one is due. */
export type Gate = {
  /** Before the work. `solution` is what the caller showed, if anything; a wrong one is itself a failure. */
  enter(
    visit: Visit,
    shown: { readonly solution: string | undefined; readonly proof: Proof },
  ): Promise<Entry>;
  /** After it, where something could fail: a card that was tried, a sign-in. */
  leave(visit: Visit, became: 'approved' | 'declined'): Promise<void>;
};

/** The calls that try a card: what becomes of them says whether the shop is under attack. */
const tryCards: ReadonlySet<Call> = new Set<Call>(['confirm', 'add_card']);

export function makeGate({
  limiter,
  attacks,
  provider,
}: {
  limiter: RateLimiter;
  attacks: AttackSwitch;
  provider: ChallengeProvider;
}): Gate {
  const note = ({ call, keys }: Visit, became: Parameters<AttackSwitch['note']>[1]): void => {
    if (keys.merchant !== undefined && tryCards.has(call)) attacks.note(keys.merchant, became, keys.card);
  };

  return {
    enter: async (given, { solution, proof }) => {
      const profile = given.keys.merchant === undefined ? 'normal' : attacks.profileOf(given.keys.merchant);
      const shown = solution === undefined ? undefined : await provider.verify(solution, proof);
      const visit: Visit = { ...given, profile, challengeSolved: shown?.ok === true };
      const verdict = await limiter.consume(visit);
      if (shown?.ok === false) {
        // Checked after counting, so that guessing solutions is limited like everything else. A provider that is away
        // is nobody's failure.
        if (shown.code === 'challenge_failed') {
          note(visit, 'refused');
          await limiter.penalise(visit);
        }
        return { ok: false, problem: verdict.ok ? problemOf(shown) : limitProblem(verdict) };
      }
      if (verdict.ok) return verdict;
      note(visit, verdict.answer === 'challenge' ? 'challenged' : 'refused');
      return { ok: false, problem: limitProblem(verdict) };
    },
    leave: async (visit, became) => {
      note(visit, became);
      if (became === 'declined') await limiter.penalise(visit);
    },
  };
}
