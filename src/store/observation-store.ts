import type { Observed } from '../domain/risk/observed.ts';

/** What counters were told, in the order in which they were told it. Positions ascend, with gaps. */
export type ObservationStore = {
  readonly append: (observed: readonly Observed[]) => Promise<void>;
  /** From behind which position up to which one the newest lie: at most so many. */
  readonly newest: (countMax: number) => Promise<Stretch>;
  /** The next ones of a stretch, oldest first, and what is left of it; null when nothing is. */
  readonly read: (
    stretch: Stretch,
  ) => Promise<{ readonly observed: readonly Observed[]; readonly rest: Stretch | null }>;
  /** Forgets all but the newest. */
  readonly keepNewest: (countMax: number) => Promise<void>;
};

export type Stretch = { readonly after: bigint; readonly until: bigint };
