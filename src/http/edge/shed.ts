import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { EdgeRefusal } from '../problem.ts';

/** What may wait, from the last to the first: money under way, a buyer who is paying, a new checkout, a listing. */
export type RequestClass = 'critical' | 'confirm' | 'create' | 'list';

export type Admission =
  | { readonly ok: true; /** To be called once, when the answer has ended. */ readonly done: () => void }
  | (EdgeRefusal & { readonly retryAfterS: number });

/**
 * The share of the capacity that a class may find taken and still be let in. Half is kept for critical calls alone: every
 * request in flight is one that they wait behind, at the database and at the loop.
 */
const share: Readonly<Record<RequestClass, number>> = { critical: 1, confirm: 0.5, create: 0.4, list: 0.25 };

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
 * Room is counted in requests in flight. It is at most `inFlightMax`, and becomes what this process can do on this
 * machine: it shrinks while the event loop is late, which is where an overloaded Node process queues, and grows back
 * while it is not. Critical calls do not feel the loop: they only fill `inFlightMax`.
 */
export function loadShed({
  inFlightMax = 256,
  onShed,
}: { inFlightMax?: number; onShed?: (requestClass: RequestClass) => void } = {}): Shed {
  let inFlight = 0;
  let room = inFlightMax;
  const stop = watchLoop((delayMs) => {
    room = nextRoom(room, delayMs, inFlightMax);
  });

  return {
    admit: (requestClass) => {
      const limit = requestClass === 'critical' ? inFlightMax : room;
      if (inFlight >= limit * share[requestClass]) {
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
    close: stop,
  };
}

/**
 * A process that is merely busy keeps its loop within some tens of milliseconds, and turning buyers away then would waste
 * what it can still do. Beyond this the wait alone is as long as a checkout may take.
 */
const delayMsMax = 75;
/**
 * Never less room than this: a machine that is busy with something else must not turn away the few buyers there are,
 * and a process that lets nobody in would not notice that it has recovered.
 */
const roomMin = 160;

/** Additive increase, multiplicative decrease, as TCP finds its share: a tenth of a second per step. */
export function nextRoom(room: number, loopDelayMs: number, inFlightMax: number): number {
  if (loopDelayMs > delayMsMax) return Math.max(Math.min(roomMin, inFlightMax), room * 0.7);
  return Math.min(inFlightMax, room + inFlightMax / 32);
}

/** The histogram's resolution, which an idle loop also shows. */
const resolutionMs = 10;

function watchLoop(tell: (delayMs: number) => void): () => void {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  const sample = setInterval(() => {
    // Without a sample there is nothing new to say: the loop was blocked between two visits of this timer.
    if (histogram.count > 0) tell(Math.max(0, histogram.mean / 1e6 - resolutionMs));
    histogram.reset();
  }, 100);
  sample.unref();
  return () => {
    clearInterval(sample);
    histogram.disable();
  };
}
