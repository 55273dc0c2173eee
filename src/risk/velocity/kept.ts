import { setTimeout as sleep } from 'node:timers/promises';
import type { Observed } from '../../domain/risk/observed.ts';
import { secondMs } from '../../kernel/instant.ts';
import type { MemoryVelocity } from './memory.ts';
import { VelocityUnavailable, type Velocity } from './velocity.ts';

/** Where observations outlive a process; `store/observation-store.ts` is one. */
export type Observations<Stretch> = {
  readonly append: (observed: readonly Observed[]) => Promise<void>;
  readonly newest: (countMax: number) => Promise<Stretch>;
  readonly read: (
    stretch: Stretch,
  ) => Promise<{ readonly observed: readonly Observed[]; readonly rest: Stretch | null }>;
};

export type KeptVelocity = Velocity & {
  /** Resolves when everything has been read back; until then there is no history, and reads say so. */
  readonly warm: Promise<void>;
};

export type KeptSettings = {
  /** Told how many have been read back, now and then and at the end. */
  readonly progress: (count: number, seconds: number, done: boolean) => void;
  readonly failed: (what: 'read' | 'append', cause: unknown) => void;
};

/** Half a million are read back in some ten seconds, and are more than the windows of most shops hold. */
export const observationsMax = 500_000;

/** Observations are written together this often. A process that is killed loses as much, and counts are lower by it. */
const gatherMs = 50;
const batchMax = 1_000;
const progressEvery = 50_000;

/**
 * Histories in this process that the next one takes over: what is observed is kept, and read back at the start. Answers
 * nothing before it knows everything: half a history would let a card tester begin anew with every restart. Rejects when
 * there is no database to begin with.
 */
export async function keptVelocity<Stretch>(
  memory: MemoryVelocity,
  observations: Observations<Stretch>,
  { progress, failed }: KeptSettings,
): Promise<KeptVelocity> {
  // Before anything is observed: what this process appends lies behind it, and is not read back.
  const newest = await observations.newest(observationsMax);
  const closing = new AbortController();
  let isWarm = false;
  /** Observed while older ones were still being read. */
  const early: Observed[] = [];
  const unwritten: Observed[] = [];
  let writing: Promise<void> | null = null;

  /** Counts at once: its promise is only the contract's. */
  const tell = ({ merchantId, keys, change }: Observed): void =>
    void memory.observe(merchantId, keys, change);
  /** The database may be away for a moment; without what it holds there is no going on. */
  const patiently = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await ask();
      } catch (cause) {
        failed('read', cause);
        await sleep(secondMs, undefined, { signal: closing.signal });
      }
    }
  };
  const readBack = async (): Promise<void> => {
    const began = performance.now();
    const seconds = (): number => (performance.now() - began) / secondMs;
    let count = 0;
    let told = 0;
    let stretch: Stretch | null = newest;
    while (stretch !== null && !closing.signal.aborted) {
      const here: Stretch = stretch;
      const { observed, rest } = await patiently(() => observations.read(here));
      observed.forEach(tell);
      stretch = rest;
      count += observed.length;
      if (count - told < progressEvery) continue;
      told = count;
      progress(count, seconds(), false);
    }
    early.splice(0).forEach(tell);
    isWarm = true;
    progress(count, seconds(), true);
  };
  const write = async (): Promise<void> => {
    while (unwritten.length > 0) {
      if (!closing.signal.aborted)
        await sleep(gatherMs, undefined, { signal: closing.signal }).catch(() => undefined);
      const batch = unwritten.splice(0, batchMax);
      // Not again: it may be there although the answer was not heard, and would count twice.
      await observations.append(batch).catch((cause: unknown) => failed('append', cause));
    }
    writing = null;
  };

  return {
    warm: readBack().catch((cause: unknown) => {
      if (!closing.signal.aborted) throw cause;
    }),
    read: (merchantId, keys) =>
      isWarm
        ? memory.read(merchantId, keys)
        : Promise.reject(new VelocityUnavailable(new Error('histories are still being read back'))),
    observe: (merchantId, keys, change) => {
      const observed = { merchantId, keys, change };
      unwritten.push(observed);
      writing ??= write();
      if (isWarm) tell(observed);
      else early.push(observed);
      return Promise.resolve();
    },
    close: async () => {
      closing.abort();
      await writing;
      await memory.close();
    },
  };
}
