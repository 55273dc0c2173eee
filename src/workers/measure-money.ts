import type { Deps } from '../flows/deps.ts';
import { secondMs } from '../kernel/instant.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { type Worker, startWorker } from './worker.ts';

/** Prometheus looks every 15 s or so. */
const measureMs = 10 * secondMs;

/** Of a PSP, and whether it is left in peace for now. */
type Account = {
  readonly psp: { readonly name: string; readonly account: string };
  readonly circuit: { readonly rests: () => boolean };
};

/** Says how much waits for a PSP, a worker or a person, and which PSP accounts rest. Every process says the same. */
export function startMeasuring(
  { store, clock }: Pick<Deps, 'store' | 'clock'>,
  accounts: readonly Account[],
  log: Log,
  metrics: Pick<Metrics, 'backlog' | 'backlog_oldest_seconds' | 'psp_resting'>,
): Worker {
  return startWorker('measure-money', measureMs, log, async () => {
    for (const { psp, circuit } of accounts)
      metrics.psp_resting.set({ psp: psp.name, account: psp.account }, circuit.rests() ? 1 : 0);
    for (const { of, count, oldestMs } of await store.backlog(clock())) {
      metrics.backlog.set({ of }, count);
      metrics.backlog_oldest_seconds.set({ of }, oldestMs / secondMs);
    }
    return 0;
  });
}
