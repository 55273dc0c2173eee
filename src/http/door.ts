import type { Deps } from '../flows/deps.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Authenticate } from './authenticate.ts';
import type { ReadAddress } from './edge/address.ts';
import type { Headers } from './edge/headers.ts';
import type { Shed } from './edge/shed.ts';
import type { SendProblem } from './problem.ts';
import type { Gate } from './rate-limit/gate.ts';

/** What every part of the door works with; src/main.ts puts it together. */
export type Door = {
  readonly deps: Deps;
  readonly authenticate: Authenticate;
  readonly readAddress: ReadAddress;
  readonly gate: Gate;
  readonly shed: Pick<Shed, 'admit'>;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The security headers of every answer, computed once. */
  readonly headers: Headers;
  readonly sendProblem: SendProblem;
};
