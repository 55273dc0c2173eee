import type { EntityKeys, Happening, Histories } from '../../domain/risk/entities.ts';
import type { Change } from '../../domain/risk/observed.ts';
import type { MerchantId } from '../../kernel/ids.ts';

/**
 * What happened to entities, remembered. The stores only keep and hand out histories; every count, sum and window is
 * computed from them by the same pure measures (`src/domain/risk/features/measures.ts`), so that two stores which keep
 * the same entries cannot give different features.
 */
export type Velocity = {
  /**
   * The history of every entity named, `unseen` for one that never happened. One round trip.
   *
   * Throws `VelocityUnavailable` when the store does not answer in time; the caller then decides without velocity.
   */
  readonly read: (merchantId: MerchantId, keys: EntityKeys) => Promise<Histories>;
  /** Adds one happening to every entity named. A lost one makes counts lower, never higher. */
  readonly observe: (merchantId: MerchantId, keys: EntityKeys, change: Change) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** An attempt counts as an event of the entity; how it ended does not count again. */
export function isAttempt(what: Happening): boolean {
  return what !== 'succeeded' && what !== 'declined' && what !== 'refused';
}

/** The store did not answer in time or is gone. */
export class VelocityUnavailable extends Error {
  readonly code = 'velocity_unavailable';
  constructor(cause: unknown) {
    super('the velocity store did not answer', { cause });
    this.name = 'VelocityUnavailable';
  }
}
