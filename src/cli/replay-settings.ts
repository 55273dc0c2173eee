import type { ReplaySettings } from '../risk/replay/replay.ts';
import { keysWith } from '../risk/signals/keys.ts';
import { referenceData } from '../risk/signals/reference.ts';
import { memoryVelocity } from '../risk/velocity/memory.ts';

/**
 * A replay of one shop's past in this process. The secret only has to be one: keys never leave the process, and features
 * do not depend on them.
 */
export function replaySettings(labelDelayMs: number): ReplaySettings {
  return {
    merchantId: 'mer_00000000000000000000000000',
    velocity: memoryVelocity(),
    keysOf: keysWith('replay'),
    reference: referenceData(),
    labelDelayMs,
  };
}
