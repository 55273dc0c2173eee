import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Instant } from '../../kernel/instant.ts';
import type { Random } from './random.ts';

/** A process of the service. What it was doing when it dies is never gone on with; nobody hears why. */
export type Process = { readonly name: string; alive: boolean };

/**
 * Many flows, one step at a time. Every call that leaves the process (a statement, an exchange with a PSP) waits here for
 * its turn, and chance says whose turn it is, so that any two flows may meet between any two of their calls, and a
 * process may die before each call and after it. Virtual time passes when nothing else can.
 */
export type Interleaving = {
  readonly now: () => Instant;
  readonly pass: (ms: number) => void;
  /** Waits in virtual time. For buyers and PSPs, who outlive every process. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Runs work in a process until it ends; null when the process died of something meanwhile. */
  readonly run: <T>(process: Process, work: () => Promise<T>) => Promise<T | null>;
  /** Makes a call of the running work when its turn has come. */
  readonly call: <T>(what: string, make: () => Promise<T>) => Promise<T>;
  readonly kill: (process: Process) => void;
  /** Does one thing; answers false when there is nothing left to do. */
  readonly step: () => Promise<boolean>;
};

type Turn = { readonly fiber: Fiber; readonly what: string; readonly take: () => Promise<void> };
type Fiber = { readonly process: Process; readonly end: () => void };
type Due = { readonly at: Instant; readonly wake: () => void };

export function interleaving(
  random: Random,
  start: Instant,
  note: (process: Process, what: string) => void,
): Interleaving {
  const fibers = new AsyncLocalStorage<Fiber>();
  const running = new Set<Fiber>();
  let turns: Turn[] = [];
  const dues: Due[] = [];
  let now = start;

  const takeTurn = async (): Promise<void> => {
    const [turn] = turns.splice(random.between(0, turns.length - 1), 1);
    if (turn === undefined) return;
    note(turn.fiber.process, turn.what);
    await turn.take();
  };
  const wakeNext = (): void => {
    const due = dues.shift();
    if (due === undefined) return;
    now = Math.max(now, due.at);
    due.wake();
  };

  return {
    now: () => now,
    pass: (ms) => {
      now += ms;
    },
    sleep: (ms) =>
      new Promise((wake) => {
        const at = now + ms;
        const place = dues.findIndex((each) => each.at > at);
        dues.splice(place < 0 ? dues.length : place, 0, { at, wake });
      }),
    run: async (process, work) => {
      if (!process.alive) return null;
      let end: Fiber['end'] = () => undefined;
      const died = new Promise<null>((resolve) => {
        end = () => resolve(null);
      });
      const fiber = { process, end };
      running.add(fiber);
      try {
        return await Promise.race([fibers.run(fiber, work), died]);
      } finally {
        running.delete(fiber);
      }
    },
    call: (what, make) => {
      const fiber = fibers.getStore();
      if (fiber === undefined) throw new Error(`${what} is called by nobody`);
      return new Promise((resolve) => {
        if (!fiber.process.alive) return;
        const take = async (): Promise<void> => {
          const answer = make();
          await Promise.allSettled([answer]);
          if (fiber.process.alive) resolve(answer);
        };
        turns.push({ fiber, what, take });
      });
    },
    kill: (process) => {
      note(process, 'dies');
      process.alive = false;
      turns = turns.filter(({ fiber }) => fiber.process !== process);
      for (const fiber of running) if (fiber.process === process) fiber.end();
    },
    step: async () => {
      const isDue = dues[0] !== undefined && dues[0].at <= now;
      if (turns.length > 0 && (!isDue || random.chance(0.7))) await takeTurn();
      else if (dues.length > 0) wakeNext();
      else return false;
      // Whatever follows from it without another call has happened once the event loop comes round.
      await breathe();
      return true;
    },
  };
}
