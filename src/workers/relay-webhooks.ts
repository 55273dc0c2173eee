import type { Event } from '../domain/events/event.ts';
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

/** New deliveries and conclusions wake the worker; only retries, and what others left behind, wait for this. */
const pauseMs = 250;

/** What comes within this time is claimed together: at most a hundred claims a second, however much there is. */
const gatherMs = 10;

export type WebhookRelay = Worker & {
  /** Makes the deliveries of new events, and the first calls at once. */
  readonly enqueue: (events: readonly Event[]) => Promise<void>;
};

/** Brings webhook deliveries to their endpoints. Any number of processes may run it. */
export function startWebhookRelay(
  deps: Parameters<typeof relayWebhook>[0] & Pick<Deps, 'store'>,
  log: Log,
): WebhookRelay {
  const { webhooks } = deps.store;
  const inFlight = new Map<WebhookEndpointId, number>();
  const calls = new Set<Promise<void>>();

  const room = () => ({ perEndpoint: calls.size < inAllMax ? perEndpoint : 0, inFlight, leaseMs });

  const count = (id: WebhookEndpointId, by: 1 | -1): void => {
    const now = (inFlight.get(id) ?? 0) + by;
    if (now === 0) inFlight.delete(id);
    else inFlight.set(id, now);
  };

  const start = (due: Parameters<typeof relayWebhook>[1]): void => {
    const { id } = due.endpoint;
    count(id, 1);
    const call = relayWebhook(deps, due)
      .catch((error: unknown) =>
        log.error('a delivery could not be concluded and stays', { worker: 'relay webhooks', error }),
      )
      .finally(() => {
        calls.delete(call);
        count(id, -1);
        // There is room now, and the next of its key may be due.
        worker.wake();
      });
    calls.add(call);
  };

  const claim = async (): Promise<number> => {
    (await webhooks.claimDue(room())).forEach(start);
    // It took all that is due and has room: there is nothing more until it is woken.
    return 0;
  };
  const worker = startWorker('relay webhooks', pauseMs, log, claim, gatherMs);
  return {
    wake: worker.wake,
    enqueue: async (events) => {
      (await webhooks.enqueue(events, room())).forEach(start);
      worker.wake();
    },
    stop: async () => {
      await worker.stop();
      await Promise.all(calls);
    },
  };
}
