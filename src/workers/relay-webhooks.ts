import type { Deps } from '../flows/deps.ts';
import { relayWebhook } from '../flows/relay-webhook.ts';
import type { WebhookEndpointId } from '../kernel/ids.ts';
import type { Log } from '../observe/log.ts';
import { type Worker, startWorker } from './worker.ts';

/** Calls under way to one endpoint: a slow one holds no more sockets than these, and no other endpoint waits for it. */
const perEndpoint = 32;

/** Calls under way in all; beyond, everybody waits for a place rather than for memory. */
const inAllMax = 2_000;

/** Longer than a call may take, and short enough that a dead worker's calls are made again within 30 s. */
const leaseMs = 25_000;

const pauseMs = 100;

/** Brings due webhook deliveries to their endpoints. Any number of processes may run it. */
export function startWebhookRelay(
  deps: Parameters<typeof relayWebhook>[0] & Pick<Deps, 'store'>,
  log: Log,
): Worker {
  const inFlight = new Map<WebhookEndpointId, number>();
  const calls = new Set<Promise<void>>();

  const count = (id: WebhookEndpointId, by: 1 | -1): number => {
    const now = (inFlight.get(id) ?? 0) + by;
    if (now === 0) inFlight.delete(id);
    else inFlight.set(id, now);
    return now;
  };

  const worker = startWorker('relay webhooks', pauseMs, log, async () => {
    if (calls.size >= inAllMax) return 0;
    const claimed = await deps.store.webhooks.claimDue(perEndpoint, inFlight, leaseMs);
    for (const due of claimed) {
      const { id } = due.endpoint;
      count(id, 1);
      const call = relayWebhook(deps, due)
        .catch((error: unknown) =>
          log.error('a delivery could not be concluded and stays', { worker: 'relay webhooks', error }),
        )
        .finally(() => {
          calls.delete(call);
          // Refilled by halves: a claim for every single answer would keep the database busier than the endpoints.
          if (count(id, -1) === perEndpoint / 2) worker.wake();
        });
      calls.add(call);
    }
    return claimed.length;
  });
  return {
    wake: worker.wake,
    stop: async () => {
      await worker.stop();
      await Promise.all(calls);
    },
  };
}
