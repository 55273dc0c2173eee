import { createChallenge, verifySolution, type Challenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { z } from 'zod';
import { minuteMs, type Clock } from '../../kernel/instant.ts';
import { failed, type ChallengeProvider, type Once, type Purpose } from './challenge.ts';

/** A buyer who fetches the challenge and then looks for a card has this long. */
const ttlMs = 10 * minuteMs;

/**
 * One try is a PBKDF2 of 5,000 rounds, about 2 ms in a browser; the prefix asks for 256 tries on average, so about half
 * a second on a phone's four cores. Checking costs the service one try, in a thread of its own.
 */
export const usualRounds = 5_000;
const keyPrefix = '00';

/** Nobody's solution is longer; what is longer is not looked at. */
const lengthMax = 4_096;

const hex = (max: number): z.ZodString =>
  z
    .string()
    .regex(/^[0-9a-f]*$/)
    .max(max);

// Everything in `parameters` is signed; what matters before the signature is checked is that it is small and typed.
const solutionSchema = z.strictObject({
  challenge: z.strictObject({
    parameters: z.strictObject({
      algorithm: z.literal('PBKDF2/SHA-256'),
      nonce: hex(64),
      salt: hex(64),
      cost: z.int().min(1).max(1_000_000),
      keyLength: z.literal(32),
      keyPrefix: hex(64).min(1),
      expiresAt: z.int(),
      data: z.strictObject({ purpose: z.string().max(32), subject: z.string().max(64) }),
    }),
    signature: hex(64),
  }),
  solution: z.strictObject({ counter: z.int().min(0), derivedKey: hex(64), time: z.number().optional() }),
});

export type ProofOfWork = Omit<ChallengeProvider, 'create'> & {
  create(purpose: Purpose, subject: string, work?: number): Promise<Challenge>;
};

/**
 * A self-hosted challenge: the browser searches for a key that begins with given digits (ALTCHA, version 2). It is
 * stateless but for `once`; the secret is the same in all processes. A solution is the base64 of
 * `{ "challenge": …, "solution": { "counter": …, "derivedKey": … } }`, as ALTCHA's widget posts it.
 */
export function proofOfWork(deps: { secret: string; once: Once; now: Clock; rounds?: number }): ProofOfWork {
  return {
    name: 'proof_of_work',
    create: (purpose, subject, work = 1) =>
      createChallenge({
        algorithm: 'PBKDF2/SHA-256',
        cost: (deps.rounds ?? usualRounds) * Math.min(10, Math.max(1, Math.round(work))),
        keyPrefix,
        deriveKey,
        expiresAt: new Date(deps.now() + ttlMs),
        data: { purpose, subject },
        hmacSignatureSecret: deps.secret,
      }),
    verify: async (text, { purpose, subject, holder }) => {
      const shown = decode(text);
      if (shown === undefined) return failed('The solution cannot be read.');
      const { challenge, solution } = shown;
      const { data, expiresAt } = challenge.parameters;
      if (expiresAt * 1_000 <= deps.now()) return failed('The challenge has expired.');
      const { verified } = await verifySolution({
        challenge,
        solution: { counter: solution.counter, derivedKey: solution.derivedKey },
        deriveKey,
        hmacSignatureSecret: deps.secret,
      });
      if (!verified) return failed('The solution is wrong.');
      // Judged after the signature: until then these are only words of the caller.
      if (data.purpose !== purpose || data.subject !== subject)
        return failed('The challenge was made for something else.');
      if (!(await deps.once(`challenge:${challenge.signature}`, holder, ttlMs)))
        return failed('The solution has been used.');
      return { ok: true };
    },
  };
}

function decode(text: string): z.output<typeof solutionSchema> | undefined {
  if (text.length > lengthMax) return undefined;
  try {
    return solutionSchema.safeParse(JSON.parse(Buffer.from(text, 'base64').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
