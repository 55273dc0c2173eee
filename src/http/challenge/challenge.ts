import type { EdgeRefusal } from '../problem.ts';

/** What a challenge was asked for; a solution holds for that alone. */
export const purposes = ['sign_up', 'login', 'add_card', 'create', 'confirm'] as const;
export type Purpose = (typeof purposes)[number];

/** What a solution is shown for. */
export type Proof = {
  readonly purpose: Purpose;
  /** Whom or what it is about: a checkout's id, or the merchant's where there is nothing else yet. */
  readonly subject: string;
  /**
   * The request that uses the solution: its idempotency key, or its digest. The same request may show the same
   * solution again, another one may not.
   */
  readonly holder: string;
  readonly address: string;
};

export type ProofVerdict = { readonly ok: true } | EdgeRefusal;

/** Whoever tells people from programs. `verify` never throws: a provider that is away is a refusal, never a pass. */
export type ChallengeProvider = {
  readonly name: 'proof_of_work' | 'hcaptcha' | 'turnstile';
  /**
   * What the browser is to solve, as JSON for the provider's widget. `work` multiplies the usual effort: 1 for the normal
   * profile, up to 10 for a shop under attack; hCaptcha and Turnstile judge that themselves.
   */
  readonly create: (purpose: Purpose, subject: string, work?: number) => Promise<object>;
  readonly verify: (solution: string, proof: Proof) => Promise<ProofVerdict>;
};

/**
 * Takes a key for a holder, for `ttlMs`: true when it was free or is the holder's already. Of many holders at once one
 * gets true.
 */
export type Once = (key: string, holder: string, ttlMs: number) => Promise<boolean>;

/** Once in this process alone. It holds `keysMax` keys; only signed solutions get this far, so they cost work to make. */
export function onceInMemory({ now = Date.now, keysMax = 100_000 } = {}): Once {
  const taken = new Map<string, { holder: string; endsAt: number }>();
  return (key, holder, ttlMs) => {
    const at = now();
    const before = taken.get(key);
    if (before !== undefined && before.endsAt > at) return Promise.resolve(before.holder === holder);
    taken.delete(key);
    taken.set(key, { holder, endsAt: at + ttlMs });
    if (taken.size > keysMax) taken.delete(taken.keys().next().value ?? key);
    return Promise.resolve(true);
  };
}

export function failed(detail: string): EdgeRefusal {
  return { ok: false, code: 'challenge_failed', detail };
}
