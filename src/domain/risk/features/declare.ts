import type { AssessmentEvent } from '../decision.ts';
import type { Window } from '../entities.ts';
import type { Feature } from './feature.ts';
import type { Measure } from './measures.ts';

/** At which events a feature is evaluated. */
export const everywhere: readonly AssessmentEvent[] = ['account_creation', 'add_card', 'checkout', 'login'];
export const signingUp: readonly AssessmentEvent[] = ['account_creation'];
export const loggingIn: readonly AssessmentEvent[] = ['login'];
export const joining: readonly AssessmentEvent[] = ['account_creation', 'login'];
export const paying: readonly AssessmentEvent[] = ['add_card', 'checkout'];
export const buying: readonly AssessmentEvent[] = ['checkout'];
export const exceptLogin: readonly AssessmentEvent[] = ['account_creation', 'add_card', 'checkout'];

type About = {
  readonly events: readonly AssessmentEvent[];
  readonly raises: string;
  readonly lowers: string;
  readonly type?: Feature['type'];
  readonly direction?: Feature['direction'];
  readonly pii?: Feature['pii'];
};

/** One feature without a window; unless said otherwise a flag of this event that raises the risk. */
export function feature(name: Feature['name'], value: Measure, about: About): Feature {
  return {
    name,
    type: about.type ?? 'flag',
    window: null,
    whenNothing: about.type === 'count' ? 'zero' : 'unknown',
    direction: about.direction ?? 'up',
    pii: about.pii ?? 'pseudonymous',
    raises: about.raises,
    lowers: about.lowers,
    events: about.events,
    value,
  };
}

const inWords: Readonly<Record<Window, string>> = {
  '10m': 'the last ten minutes',
  '1h': 'the last hour',
  '24h': 'the last 24 hours',
  '7d': 'the last 7 days',
  '30d': 'the last 30 days',
  '90d': 'the last 90 days',
};

/** The same measure over several windows, `name_window` each; unless said otherwise a count that raises the risk. */
export function family(
  name: Feature['name'],
  windows: readonly Window[],
  measure: (window: Window) => Measure,
  about: About,
): Feature[] {
  return windows.map((window) => ({
    ...feature(`${name}_${window}`, measure(window), { type: 'count', ...about }),
    window,
    raises: `${about.raises} in ${inWords[window]}`,
    lowers: `${about.lowers} in ${inWords[window]}`,
  }));
}
