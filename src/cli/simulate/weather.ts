import { type Fault, faultSchema } from '../../sandbox/fault-script.ts';
import type { Random } from './random.ts';

/** On a bad day calls go wrong, webhooks come late or never, clocks lie and processes die; on a good one nothing does. */
export type Sky = { is: 'good' | 'bad' };

/** What a call meets on its way: the stand-in's own faults, a closed door, or a request that arrives after the caller left. */
export type Weather = Fault | 'fine' | 'no_connection' | 'late';

const fault = (given: object): Fault => faultSchema.parse(given);

/** How often, in a hundred calls, which thing goes wrong on a bad day. */
const bad: readonly (readonly [weight: number, weather: Weather])[] = [
  [84, 'fine'],
  [2, 'no_connection'],
  [2, 'late'],
  [2, fault({ do: 'hang', when: 'before' })],
  [3, fault({ do: 'hang', when: 'after' })],
  [1, fault({ do: 'reset', when: 'before' })],
  [1, fault({ do: 'reset', when: 'after' })],
  [1, fault({ do: 'error', when: 'before' })],
  [1, fault({ do: 'error', when: 'after' })],
  [1, fault({ do: 'truncate', when: 'after' })],
  [1, fault({ do: 'html', when: 'after', status: 502 })],
  [1, fault({ do: 'rate_limit', when: 'before' })],
];

export function weatherOn(day: Sky['is'], random: Random): Weather {
  return day === 'good' ? 'fine' : random.weighted(bad);
}
