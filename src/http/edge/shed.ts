import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { EdgeRefusal } from '../problem.ts';

/** What may wait, from the last to the first: money under way, a buyer who is paying, a new checkout, a listing. */
export type RequestClass = 'critical' | 'confirm' | 'create' | 'list';

export type Admission =
  | { readonly ok: true; /** To be called once, when the answer has ended. */ readonly done: () => void }
  | (EdgeRefusal & { readonly retryAfterS: number });

/**
 * The share of the capacity that a class may find taken and still be let in. A fifth is kept for critical calls alone,
 * as Stripe does; a listing waits as soon as half is in use.
 */
const share: Readonly<Record<RequestClass, number>> = { critical: 1, confirm: 0.8, create: 0.65, list: 0.5 };

/** Longer for what matters less, so that the retries do not arrive together. */
const retryAfterS: Readonly<Record<RequestClass, number>> = { critical: 1, confirm: 1, create: 2, list: 5 };

export type Shed = {
  admit(requestClass: RequestClass): Admission;
  readonly inFlight: () => number;
  close(): void;
};

/**
 * Lets requests in as long as there is room for their class, and turns the others away at once: a request that would
 * wait until its client has given up costs as much as one that is answered.
 *
 * Room is counted in requests in flight, of which a process takes `inFlightMax`, and shrinks when the event loop is
 * late: with no wait anywhere else, that is where an overloaded Node process queues. At `loopDelayMs` of delay half
 * the room is left, at three times as much a quarter. Critical calls do not feel the loop: they only fill `inFlightMax`.
 */
export function loadShed({
  inFlightMax = 256,
  loopDelayMs = 50,
  readLoopDelayMs,
  onShed,
}: {
  inFlightMax?: number;
  loopDelayMs?: number;
  /** For tests; the mean delay of the last tenth of a second otherwise. */
  readLoopDelayMs?: () => number;
  onShed?: (requestClass: RequestClass) => void;
} = {}): Shed {
  const loop = readLoopDelayMs ? { read: readLoopDelayMs, close: () => undefined } : watchLoop();
  let inFlight = 0;

  return {
    admit: (requestClass) => {
      const room = requestClass === 'critical' ? inFlightMax : inFlightMax / (1 + loop.read() / loopDelayMs);
      if (inFlight >= room * share[requestClass]) {
        onShed?.(requestClass);
        return {
          ok: false,
          code: 'overloaded',
          detail: 'The service is busy; nothing was done.',
          retryAfterS: retryAfterS[requestClass],
        };
      }
      inFlight += 1;
      let open = true;
      return {
        ok: true,
        done: () => {
          if (open) inFlight -= 1;
          open = false;
        },
      };
    },
    inFlight: () => inFlight,
    close: loop.close,
  };
}

/** The histogram's resolution, which an idle loop also shows. */
const resolutionMs = 10;

function watchLoop(): { read: () => number; close: () => void } {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  let delayMs = 0;
  const sample = setInterval(() => {
    // Without a sample there is nothing new to say: the loop was blocked between two visits of this timer.
    delayMs = histogram.count === 0 ? delayMs : Math.max(0, histogram.mean / 1e6 - resolutionMs);
    histogram.reset();
  }, 100);
  sample.unref();
  return {
    read: () => delayMs,
    close: () => {
      clearInterval(sample);
      histogram.disable();
    },
  };
}
