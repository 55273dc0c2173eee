import { z } from 'zod';

/** A challenge as the browser gets it, by itself or with what asked for it. */
export const challengeShown = z
  .strictObject({
    provider: z.enum(['proof_of_work', 'hcaptcha', 'turnstile']),
    challenge: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Challenge' });
