import type { Deps, Trace } from '../flows/deps.ts';
import { reconcile } from '../flows/reconcile.ts';
import { dayMs, hourMs, secondMs, toRfc3339 } from '../kernel/instant.ts';
import type { Log } from '../observe/log.ts';
import { type RandomBytes, toTraceparent, traceFrom } from '../observe/trace.ts';
import { labelQuietRound } from './label-quiet.ts';
import { type Round, eachRow, purchaseRounds } from './rounds.ts';
import { type Worker, startWorker } from './worker.ts';

/** What a process that starts reads back (src/risk/velocity/kept.ts), and as much again. */
const observationsKept = 1_000_000;

/** Days that nobody compared are made up when somebody is back; who was away for longer has `npm run reconcile -- --day`. */
const daysMadeUp = 7;

/** A reply is repeated for at least a day (docs/ARCHITECTURE.md); a second day forgives slow clients and clocks. */
const repliesKeptMs = 2 * dayMs;

/**
 * Everything that finishes what a request could not: abandoned requests, outcomes nobody heard, stored webhooks,
 * checkouts nobody paid. Any number of processes may run them; rows are claimed with `skip locked`.
 */
export function startWorkers(
  deps: Deps,
  log: Log,
  random: RandomBytes,
  follow: () => Promise<void>,
  goodAfterMs: number | null,
): { wakeDeliveries: () => void; stop: () => Promise<void> } {
  const ownTrace = (): Trace => ({ of: 'work', traceparent: toTraceparent(traceFrom(undefined, random)) });
  // Each row is a trace of its own.
  const each = eachRow(
    () => ({ ...deps, trace: ownTrace() }),
    (worker, error) => log.error('a row could not be finished and stays', { worker, error }),
  );
  const start = ({ name, pauseMs, work, gatherMs }: Round) => startWorker(name, pauseMs, log, work, gatherMs);
  const [first, ...others] = purchaseRounds(deps, each);
  const deliveries = start(first);
  const workers: Worker[] = [
    deliveries,
    ...others.map(start),
    startWorker('reconcile', hourMs, log, async () => {
      const now = deps.clock();
      const days = Array.from({ length: daysMadeUp }, (_, n) =>
        toRfc3339(now - (n + 1) * dayMs).slice(0, 10),
      );
      const due = deps.psps.list().flatMap((account) => days.map((day) => ({ account, day })));
      await each('reconcile', due, async (traced, { account, day }) => {
        const { name: psp, account: called, listCharges } = account.psp;
        const mine = listCharges !== null && { psp, account: called };
        if (!mine || !(await deps.store.settling.claimReconciliation(mine, day, deps.clock()))) return;
        const since = Date.parse(`${day}T00:00:00Z`);
        const done = await reconcile(traced, account, { since, until: since + dayMs });
        for (const { kind, attemptId, pspReference, here, there } of done?.differences ?? [])
          log.error('the journal and the PSP differ', {
            psp,
            account: called,
            reason: kind,
            attempt_id: attemptId,
            reference: pspReference,
            from: here,
            to: there,
          });
        await deps.store.settling.endReconciliation(mine, day, deps.clock());
      });
      return 0;
    }),
    start(labelQuietRound(deps, each, goodAfterMs)),
    startWorker('follow-analysts', secondMs, log, async () => {
      await follow();
      return 0;
    }),
    startWorker('forget-observations', hourMs, log, async () => {
      await deps.store.observations.keepNewest(observationsKept);
      return 0;
    }),
    startWorker('forget-replies', hourMs, log, async () => {
      await deps.store.requests.deleteRepliedBefore(deps.clock() - repliesKeptMs);
      return 0;
    }),
  ];
  return {
    wakeDeliveries: deliveries.wake,
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
    },
  };
}
