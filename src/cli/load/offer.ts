import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../bench/load.ts';
import type { Call, End, Shop } from './shop.ts';

/** Of a hundred calls. Many look, some of those who begin pay, and nearly everything that is paid is captured. */
const mix: Readonly<Record<Call, number>> = { list: 48, create: 25, confirm: 15, capture: 12 };
const callNames = ['list', 'create', 'confirm', 'capture'] as const satisfies readonly Call[];

/** How many calls of a kind there are among so many. */
export function shareOf(call: Call, calls: number): number {
  return Math.ceil((calls * mix[call]) / 100);
}

export function drawCall(): Call {
  let left = Math.random() * 100;
  return callNames.find((call) => (left -= mix[call]) < 0) ?? 'list';
}

export type Tally = { readonly ends: End[]; readonly succeededMs: number[] };
export type Tallies = Readonly<Record<Call, Tally>>;

/**
 * Offers so many calls a second, at random moments, whether or not the ones before have been answered: buyers do not wait
 * for each other. A call is late from the moment it was due, not from when this process came to send it.
 */
export async function offer(shop: Shop, perSecond: number, seconds: number): Promise<Tallies> {
  const tally = (): Tally => ({ ends: [], succeededMs: [] });
  const tallies = { list: tally(), create: tally(), confirm: tally(), capture: tally() };
  const sent: Promise<void>[] = [];
  const send = async (call: Call, due: number): Promise<void> => {
    const ended = await shop
      .one(call)
      .catch((error: unknown): End => ({ end: 'failed', why: `${call}: ${String(error)}` }));
    tallies[call].ends.push(ended);
    if (ended.end === 'succeeded') tallies[call].succeededMs.push(performance.now() - due);
  };
  const until = performance.now() + seconds * 1000;
  let due = performance.now();
  while (due < until) {
    sent.push(send(drawCall(), due));
    due -= (Math.log(1 - Math.random()) / perSecond) * 1000;
    const early = due - performance.now();
    if (early > 0) await sleep(early);
  }
  await Promise.all(sent);
  return tallies;
}

/** What is printed of one kind of call. */
export function summaryOf({ ends, succeededMs }: Tally) {
  const count = (end: End['end']): number => ends.filter((each) => each.end === end).length;
  return {
    sent: ends.length,
    done: count('succeeded'),
    succeeded: shareIn(count('succeeded'), ends.length),
    shed: count('shed'),
    errors: count('failed'),
    p99_ms: quantile(succeededMs, 0.99),
  };
}

/** To a hundredth of a percent. */
export function shareIn(part: number, whole: number): number {
  return Math.round((part / whole) * 10_000) / 10_000;
}
