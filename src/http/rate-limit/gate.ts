import type { ChallengeProvider, Once, Proof, Purpose } from '../challenge/challenge.ts';
import { type Problem, problemOf } from '../problem.ts';
import type { AttackSwitch } from './attack-switch.ts';
import type { Call } from './limits.ts';
import { limitProblem, type RateLimiter, type Visit } from './rate-limiter.ts';

export type Entry =
  | {
      readonly ok: true;
      readonly headers: Readonly<Record<string, string>>;
      /** The caller has solved a challenge for this call. */
      readonly hasProved: boolean;
    }
  | { readonly ok: false; readonly problem: Problem };

/** What bots meet before they reach the product: limits, the shop's attack profile, and a challenge where one is due. */
export type Gate = {
  /** Before the work. `solution` is what the caller showed, if anything; a wrong one is itself a failure. */
  enter(visit: Visit, shown?: { readonly solution: string; readonly proof: Proof }): Promise<Entry>;
  /** After it, where something could fail: a card that was tried, a secret that was guessed. */
  leave(visit: Visit, left: Left): Promise<void>;
  /** A challenge for the browser to solve, harder while the shop is under attack. */
  readonly issue: (
    merchant: string,
    purpose: Purpose,
    subject: string,
  ) => Promise<{ readonly provider: ChallengeProvider['name']; readonly challenge: object }>;
  /** Whether a solution holds, for those who asked for the challenge themselves. */
  readonly verify: ChallengeProvider['verify'];
  readonly once: Once;
  /** Whether the merchant is under attack, as this process sees it. */
  readonly stateOf: AttackSwitch['stateOf'];
};

/** What became of a call, and the risk score that it was given if it was. What was `assessed` tried no card yet. */
export type Left = {
  readonly became: 'approved' | 'declined' | 'refused' | 'assessed';
  readonly score?: number | null;
};

/** A bot pays four times as much for each card; a phone is done in two seconds. */
const workUnderAttack = 4;

/** The calls that try a card: what becomes of them says whether the shop is under attack. */
const tryCards: ReadonlySet<Call> = new Set<Call>(['confirm', 'add_card']);

export function makeGate({
  limiter,
  attacks,
  provider,
  once,
}: {
  limiter: RateLimiter;
  attacks: AttackSwitch;
  provider: ChallengeProvider;
  once: Once;
}): Gate {
  const note = ({ call, keys }: Visit, became: Parameters<AttackSwitch['note']>[1]): void => {
    if (keys.merchant !== undefined && tryCards.has(call)) attacks.note(keys.merchant, became, keys.card);
  };

  return {
    enter: async (given, shown) => {
      const profile = given.keys.merchant === undefined ? 'normal' : attacks.profileOf(given.keys.merchant);
      // As if it held: looking at a solution is work, and whoever is over a limit that no solution opens gets none of it.
      const visit: Visit = { ...given, profile, challengeSolved: shown !== undefined };
      const verdict = await limiter.consume(visit);
      if (!verdict.ok) {
        note(visit, verdict.answer === 'challenge' ? 'challenged' : 'refused');
        return { ok: false, problem: limitProblem(verdict) };
      }
      const proved = shown && (await provider.verify(shown.solution, shown.proof));
      if (proved?.ok !== false) return { ...verdict, hasProved: proved?.ok === true };
      // A provider that is away is nobody's failure.
      if (proved.code === 'challenge_failed') {
        note(visit, 'refused');
        await limiter.settle(visit, { failed: true });
      }
      return { ok: false, problem: problemOf(proved) };
    },
    leave: async (visit, { became, score }) => {
      if (became !== 'assessed') note(visit, became);
      await limiter.settle(visit, {
        failed: became === 'declined' || became === 'refused',
        score: score ?? null,
      });
    },
    issue: async (merchant, purpose, subject) => {
      const work = attacks.profileOf(merchant) === 'strict' ? workUnderAttack : 1;
      return { provider: provider.name, challenge: await provider.create(purpose, subject, work) };
    },
    verify: provider.verify,
    once,
    stateOf: attacks.stateOf,
  };
}
