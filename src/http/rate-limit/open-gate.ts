import { hkdfSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../kernel/instant.ts';
import type { Log } from '../../observe/log.ts';
import type { Metrics } from '../../observe/metrics.ts';
import { onceInMemory, type ChallengeProvider } from '../challenge/challenge.ts';
import { proofOfWork } from '../challenge/proof-of-work.ts';
import { siteVerify } from '../challenge/site-verify.ts';
import { attackSwitch, sliceMs, type ProfileChange } from './attack-switch.ts';
import { makeGate, type Gate } from './gate.ts';
import { readLimits, type Limit } from './limits.ts';
import { onceInRedis } from './once.ts';
import { patience } from './patience.ts';
import { rateLimiter } from './rate-limiter.ts';
import { openRedis } from './redis.ts';
import { insuredStore, memoryStore, redisStore } from './store.ts';

/** Who sets the challenges: our own proof of work when null. */
export type ForeignChallenges = {
  readonly provider: 'hcaptcha' | 'turnstile';
  readonly siteKey: string;
  readonly secret: string;
  readonly url: string | null;
};

export type OpenGate = Gate & {
  /** Reads the limits again. The last good ones stay when the file is refused; answers whether it was taken. */
  readonly reload: () => boolean;
  readonly close: () => void;
};

/** The limits file is not one; at the start that ends the process. */
export class LimitsRefused extends Error {
  override readonly name = 'LimitsRefused';
}

/** A policies folder without a limits file has the limits that Tillgate comes with: none at all is no choice. */
const shipped = fileURLToPath(new URL('../../../policies/limits.yaml', import.meta.url));

/** Puts limits, attack switch and challenges together, on Redis where there is one and in this process where not. */
export function openGate(settings: {
  readonly policies: string;
  readonly redisUrl: string | null;
  readonly secret: string;
  readonly challenges: ForeignChallenges | null;
  readonly challengeRounds: number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly onAttack: (change: ProfileChange) => void;
}): OpenGate {
  const { log, metrics, redisUrl, clock } = settings;
  const keyFor = (what: string): string =>
    Buffer.from(hkdfSync('sha256', settings.secret, '', `tillgate ${what}`, 32)).toString('base64url');
  const read = (): readonly Limit[] => {
    const path = join(settings.policies, 'limits.yaml');
    const limits = readLimits(readFileSync(existsSync(path) ? path : shipped, 'utf8'), path);
    if (!limits.ok) throw new LimitsRefused(`the limits are refused:\n  ${limits.mistakes.join('\n  ')}`);
    return limits.limits;
  };

  const redis =
    redisUrl === null
      ? null
      : openRedis(redisUrl, (error) => log.warn('Redis is away; limits hold per process', { error }));
  const local = memoryStore();
  const patient = patience({ onFailure: () => metrics.limit_store_failures_total.add({}) });
  const limiter = rateLimiter({
    limits: read(),
    store: redis === null ? local : insuredStore(redisStore(redis, keyFor('limits')), local, patient),
    onExceeded: ({ id, dry_run }) =>
      metrics.limit_exceeded_total.add({ limit: id, dry_run: String(dry_run) }),
  });
  const attacks = attackSwitch({
    now: clock,
    onChange: (change) => {
      const { merchant, to } = change;
      metrics.attack_profile.set({ merchant_id: merchant }, to.profile === 'strict' ? 1 : 0);
      if (to.profile === 'strict')
        log.warn('a shop is under attack: the strict profile holds', {
          merchant_id: merchant,
          reason: to.reason,
        });
      else log.info('a shop is calm again: the normal profile holds', { merchant_id: merchant });
      settings.onAttack(change);
    },
  });
  const ticks = setInterval(attacks.tick, sliceMs);
  ticks.unref();

  const once = redis === null ? onceInMemory() : onceInRedis(redis, onceInMemory(), patient);
  const { challenges } = settings;
  const provider =
    challenges === null
      ? proofOfWork({ secret: keyFor('challenges'), once, now: clock, rounds: settings.challengeRounds })
      : siteVerify(challenges.provider, challenges);

  return {
    ...makeGate({ limiter, attacks, provider: counted(provider, metrics), once }),
    reload: () => {
      try {
        limiter.reload(read());
        return true;
      } catch (error) {
        log.error('the limits are refused; the last good ones stay in force', { error });
        return false;
      }
    },
    close: () => {
      clearInterval(ticks);
      redis?.disconnect();
    },
  };
}

function counted(provider: ChallengeProvider, { challenges_total: total }: Metrics): ChallengeProvider {
  return {
    name: provider.name,
    create: (...asked) => {
      total.add({ outcome: 'issued' });
      return provider.create(...asked);
    },
    verify: async (...shown) => {
      const verdict = await provider.verify(...shown);
      total.add({
        outcome: verdict.ok ? 'solved' : verdict.code === 'unavailable' ? 'unavailable' : 'failed',
      });
      return verdict;
    },
  };
}
