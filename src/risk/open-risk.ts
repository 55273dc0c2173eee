import type { AssessmentEvent } from '../domain/risk/decision.ts';
import { library } from '../domain/risk/features/library.ts';
import type { Log } from '../observe/log.ts';
import { createRisk } from './assess.ts';
import { createDesk } from './desk.ts';
import { createEntries } from './policy/entries.ts';
import { createMerchantDeciders } from './merchant-deciders.ts';
import { keepReloading } from './reload.ts';
import type { Desk, Risk } from './risk.ts';
import { featureHash } from './signals/feature-hash.ts';
import { keysWith } from './signals/keys.ts';
import { referenceData } from './signals/reference.ts';
import type { Velocity } from './velocity/velocity.ts';

export type OpenRisk = {
  readonly risk: Risk;
  readonly desk: Desk;
  /** Reads policies and models again; the last good ones stay when the new ones are refused. */
  readonly reload: () => Promise<boolean>;
  readonly close: () => Promise<void>;
};

/** Loads what decides and keeps it fresh. Throws `GenerationRefused` when policies and models do not fit together. */
export async function openRisk(settings: {
  readonly policies: string;
  readonly models: string;
  readonly secret: string;
  readonly velocity: Velocity;
  /** Milliseconds that one assessment may take. */
  readonly deadlineMs: number;
  readonly log: Log;
  readonly assessed: (event: AssessmentEvent, seconds: number) => void;
  readonly degraded: (part: string) => void;
  readonly generation: (accepted: boolean) => void;
}): Promise<OpenRisk> {
  const { log, velocity } = settings;
  const reloading = await keepReloading(
    { policies: settings.policies, models: settings.models },
    {
      accepted: () => {
        settings.generation(true);
        log.info('policies and models are reloaded');
      },
      refused: (error) => {
        settings.generation(false);
        log.error('policies or models are refused; the last good ones stay in force', { error });
      },
    },
  );
  const entries = createEntries();
  const merchants = createMerchantDeciders(reloading.current);
  const keysOf = keysWith(settings.secret);
  const risk = createRisk({
    reading: { keysOf, reference: referenceData() },
    velocity,
    deciders: merchants.decidersFor,
    lists: () => entries,
    snoozes: () => entries,
    featuresHash: featureHash(library),
    deadlineMs: settings.deadlineMs,
    failed: (part, error) => {
      settings.degraded(part);
      log.warn('an assessment went without a part', { component: part, error });
    },
  });
  return {
    desk: createDesk(reloading.current, { keysOf, entries, merchants }),
    risk: {
      ...risk,
      assess: async (question) => {
        const began = performance.now();
        const assessment = await risk.assess(question);
        settings.assessed(question.event, (performance.now() - began) / 1000);
        return assessment;
      },
    },
    reload: reloading.reload,
    close: async () => {
      reloading.close();
      await velocity.close();
    },
  };
}
