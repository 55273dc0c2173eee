import { archiveEvents } from '../flows/archive-events.ts';
import type { Deps } from '../flows/deps.ts';
import { dayMs, hourMs, secondMs } from '../kernel/instant.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { type Worker, startWorker } from './worker.ts';

/** Prometheus looks every 15 s or so. */
const measureMs = 10 * secondMs;

/** Attempts are shown for a month: longer than the longest schedule, and than most disputes about a delivery. */
const deliveriesKeptMs = 30 * dayMs;

export type Archiving = {
  readonly archive: Parameters<typeof archiveEvents>[1];
  /** How many whole months stay in the database beside the current one. */
  readonly liveMonths: number;
};

/** Plans the months that come, forgets deliveries that nobody asks about any more, and measures how far the sinks are. */
export function startEventKeeping(
  { store, clock }: Pick<Deps, 'store' | 'clock'>,
  archiving: Archiving | null,
  log: Log,
  metrics: Metrics,
): Worker {
  const planning = startWorker('plan event months', hourMs, log, async () => {
    await store.events.planMonths(clock());
    if (archiving !== null) {
      while (await archiveEvents({ store, clock }, archiving.archive, archiving.liveMonths));
    }
    await store.webhooks.forgetBefore(clock() - deliveriesKeptMs);
    return 0;
  });
  const measuring = startWorker('measure relays', measureMs, log, async () => {
    for (const { sink, seconds, setAside } of await store.relay.lags()) {
      metrics.relay_lag_seconds.set({ sink }, seconds);
      metrics.relay_set_aside.set({ sink }, setAside);
    }
    return 0;
  });
  return {
    wake: () => planning.wake(),
    stop: async () => {
      await Promise.all([planning.stop(), measuring.stop()]);
    },
  };
}
