import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../observe/log.ts';

export type Worker = {
  /** Looks for work at once instead of at the end of the pause. */
  readonly wake: () => void;
  /** Ends after the work in hand. */
  readonly stop: () => Promise<void>;
};

/**
 * Repeats `work` for ever: again at once while it finds something, after a pause when it does not. A fault is logged
 * and does not end it: the rows it could not finish are still there. `gatherMs` is how long it lets work come together
 * before it looks, so that a busy hour is worked off in batches.
 */
export function startWorker(
  name: string,
  pauseMs: number,
  log: Log,
  work: () => Promise<number>,
  gatherMs = 0,
): Worker {
  let stopped = false;
  let woken = false;
  let wake: () => void = () => undefined;

  const pause = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (woken || stopped) wake();
    });

  const run = async (): Promise<void> => {
    while (!isStopped()) {
      if (gatherMs > 0) await sleep(gatherMs);
      woken = false;
      let found = 0;
      try {
        found = await work();
      } catch (error) {
        log.error('a worker failed and goes on', { worker: name, error });
      }
      if (found === 0 && !isStopped()) await pause();
    }
  };
  // A function, because the compiler would otherwise take the first value for the last.
  const isStopped = (): boolean => stopped;
  const ended = run();
  return {
    wake: () => {
      woken = true;
      wake();
    },
    stop: async () => {
      stopped = true;
      wake();
      await ended;
    },
  };
}
