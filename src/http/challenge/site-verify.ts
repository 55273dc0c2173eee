import { z } from 'zod';
import { failed, type ChallengeProvider } from './challenge.ts';

/** Where the two providers check their tokens; they share one protocol. Sources: docs.hcaptcha.com, Cloudflare Turnstile. */
const urls = {
  hcaptcha: 'https://api.hcaptcha.com/siteverify',
  turnstile: 'https://challenges.cloudflare.com/turnstile/v0/siteverify',
} as const;

/** The buyer is waiting, and the provider is usually done in 200 ms. */
const timeoutMs = 3_000;

const answer = z.object({ success: z.boolean(), action: z.string().optional() });

/**
 * Asks hCaptcha or Turnstile whether a person solved their challenge. They make a token single-use by themselves, and
 * Turnstile answers a retry of the same holder alike. While they are away the answer is `unavailable`, never a pass.
 */
export function siteVerify(
  name: keyof typeof urls,
  { secret, siteKey, url }: { secret: string; siteKey: string; url?: string | null },
): ChallengeProvider {
  return {
    name,
    create: (purpose) => Promise.resolve({ site_key: siteKey, action: purpose }),
    verify: async (token, { address, purpose, holder }) => {
      if (token === '' || token.length > 4_096) return failed('The solution cannot be read.');
      const form = new URLSearchParams({ secret, response: token, remoteip: address });
      if (name === 'turnstile') form.set('idempotency_key', holder);
      const read = await ask(url ?? urls[name], form);
      if (read === undefined)
        return { ok: false, code: 'unavailable', detail: 'The challenge cannot be checked now.' };
      if (!read.success) return failed('The solution is wrong, expired or used.');
      if (read.action !== undefined && read.action !== purpose)
        return failed('The challenge was made for something else.');
      return { ok: true };
    },
  };
}

async function ask(url: string, body: URLSearchParams): Promise<z.output<typeof answer> | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return response.ok ? answer.safeParse(await response.json()).data : undefined;
  } catch {
    return undefined;
  }
}
