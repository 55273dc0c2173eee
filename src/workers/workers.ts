import type { Deps, Trace } from '../flows/deps.ts';
import { captureDue } from '../flows/capture-due.ts';
import { detachMethod } from '../flows/detach-method.ts';
import { expireAuthorization } from '../flows/expire-authorization.ts';
import { expireCheckout } from '../flows/expire-checkout.ts';
import { labelQuiet } from '../flows/label-quiet.ts';
import { processDelivery } from '../flows/process-delivery.ts';
import { reconcile } from '../flows/reconcile.ts';
import { resumeRequest } from '../flows/resume-request.ts';
import { settle } from '../flows/settle.ts';
import type { QuietSince } from '../domain/risk/label.ts';
import { dayMs, hourMs, minuteMs, secondMs, toRfc3339 } from '../kernel/instant.ts';
import type { Log } from '../observe/log.ts';
import { type RandomBytes, toTraceparent, traceFrom } from '../observe/trace.ts';
import { type Worker, startWorker } from './worker.ts';

/** How many rows one round takes: enough to be busy, few enough to stop within a PSP call's time. */
const batch = 20;

/** Most webhooks say what the call's own answer said before: they can wait a moment and be read together. */
const deliveriesBatch = 100;
const deliveriesGatherMs = 50;

/** What a process that starts reads back (src/risk/velocity/kept.ts), and as much again. */
const observationsKept = 1_000_000;

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
  /** Each row is a trace of its own, and one row's fault must not keep the others waiting. */
  const each = async <T>(
    worker: string,
    found: readonly T[],
    work: (deps: Deps, row: T) => Promise<void>,
  ): Promise<number> => {
    await Promise.all(
      found.map((row) =>
        work({ ...deps, trace: ownTrace() }, row).catch((error: unknown) =>
          log.error('a row could not be finished and stays', { worker, error }),
        ),
      ),
    );
    return found.length;
  };

  const ownTrace = (): Trace => ({ of: 'work', traceparent: toTraceparent(traceFrom(undefined, random)) });

  const deliveries = startWorker(
    'process-deliveries',
    secondMs,
    log,
    async () =>
      each(
        'process-deliveries',
        await deps.store.deliveries.claimDue(deps.clock(), deliveriesBatch),
        processDelivery,
      ),
    deliveriesGatherMs,
  );
  /** Every process begins at the oldest once, and so finds again what could not be labelled. */
  let quietSince: QuietSince | null = null;
  const workers: Worker[] = [
    deliveries,
    startWorker('resume-requests', secondMs, log, async () => {
      const now = deps.clock();
      const abandoned = await deps.store.requests.claimAbandoned(now, now + deps.leaseMs, batch);
      return each('resume-requests', abandoned, resumeRequest);
    }),
    startWorker('settle', secondMs, log, async () =>
      each('settle', await deps.store.settling.claimDue(deps.clock(), batch), settle),
    ),
    startWorker('detach-methods', minuteMs, log, async () => {
      const removed = await deps.store.customers.claimToDetach(deps.clock(), batch);
      return each('detach-methods', removed, detachMethod);
    }),
    startWorker('expire-checkouts', minuteMs, log, async () => {
      const expired = await deps.store.settling.findExpired(deps.clock(), batch);
      await each('expire-checkouts', expired, expireCheckout);
      return 0;
    }),
    startWorker('capture-due', secondMs, log, async () => {
      const due = await deps.store.settling.findToCapture(deps.clock(), batch);
      return each('capture-due', due, captureDue);
    }),
    startWorker('expire-authorizations', hourMs, log, async () => {
      const lapsed = await deps.store.settling.findLapsed(deps.clock(), batch);
      await each('expire-authorizations', lapsed, expireAuthorization);
      return 0;
    }),
    startWorker('reconcile', hourMs, log, async () => {
      const day = toRfc3339(deps.clock() - dayMs).slice(0, 10);
      const since = Date.parse(`${day}T00:00:00Z`);
      await each('reconcile', deps.psps.list(), async (traced, account) => {
        const { name: psp, account: called, listCharges } = account.psp;
        const mine = listCharges !== null && { psp, account: called };
        if (!mine || !(await deps.store.settling.claimReconciliation(mine, day, deps.clock()))) return;
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
    startWorker('label-quiet', hourMs, log, async () => {
      if (goodAfterMs === null) return 0;
      const until = deps.clock() - goodAfterMs;
      const quiet = await deps.store.labels.findQuiet(until, quietSince, batch);
      const last = quiet.at(-1);
      quietSince = { at: last?.sale?.payment.changedAt ?? until, checkoutId: last?.checkout.id ?? '' };
      return each('label-quiet', quiet, labelQuiet);
    }),
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
