import type { Relay } from '../flows/relay-events.ts';
import type { Log } from '../observe/log.ts';
import { type Worker, startWorker } from './worker.ts';

/** A look at an empty outbox costs one index probe; twenty a second keep the commit-to-sink time well under 250 ms. */
const pauseMs = 50;

/** A sink that is away is asked again soon, then every few seconds: its backlog is safe where it is. */
const backOffMs = (failures: number): number => Math.min(5_000, 100 * 2 ** failures);

/** Runs the relay of one sink for ever; another process may run the same, and works when this one dies. */
export function startRelay(sink: string, relay: Relay, log: Log, monotonic: () => number): Worker {
  let failures = 0;
  let notBefore = -Infinity;
  const worker = startWorker(`relay ${sink}`, pauseMs, log, async () => {
    if (monotonic() < notBefore) return 0;
    try {
      const relayed = await relay.round();
      if (failures > 0) log.info('a sink is back', { sink });
      failures = 0;
      return relayed;
    } catch (error) {
      // Said once: a sink that is away for an hour is one piece of news.
      if (failures === 0) log.warn('a sink is away; its events wait', { sink, error });
      failures = Math.min(failures + 1, 10);
      notBefore = monotonic() + backOffMs(failures);
      return 0;
    }
  });
  return {
    wake: worker.wake,
    stop: async () => {
      await worker.stop();
      await relay.release().catch(() => undefined);
    },
  };
}
