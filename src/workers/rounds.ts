import { captureDue } from '../flows/capture-due.ts';
import type { Deps } from '../flows/deps.ts';
import { detachMethod } from '../flows/detach-method.ts';
import { expireAuthorization } from '../flows/expire-authorization.ts';
import { expireCheckout } from '../flows/expire-checkout.ts';
import { processDelivery } from '../flows/process-delivery.ts';
import { resumeRequest } from '../flows/resume-request.ts';
import { settle } from '../flows/settle.ts';
import { hourMs, minuteMs, secondMs } from '../kernel/instant.ts';

/** Work that comes round: what it looks for, and how long it rests after it found nothing. */
export type Round = {
  readonly name: string;
  readonly pauseMs: number;
  /** How long it lets work come together before it looks. */
  readonly gatherMs?: number;
  /** Answers how many rows it brought further, where another look at once may find more. */
  readonly work: () => Promise<number>;
};

/** How many rows one round takes: enough to be busy, few enough to stop within a PSP call's time. */
export const batch = 20;

/** Most webhooks say what the call's own answer said before: they can wait a moment and be read together. */
const deliveriesBatch = 100;
const deliveriesGatherMs = 50;

export type EachRow = <T>(
  worker: string,
  found: readonly T[],
  work: (deps: Deps, row: T) => Promise<unknown>,
) => Promise<number>;

/**
 * Works on rows at once; one row's fault must not keep the others waiting. Answers how many came a step further: one that
 * could not (`false`, or a fault) is found again, and must not be looked for without a pause.
 */
export function eachRow(depsOfRow: () => Deps, fail: (worker: string, error: unknown) => void): EachRow {
  return async (worker, found, work) => {
    const done = await Promise.all(
      found.map((row) =>
        work(depsOfRow(), row).catch((error: unknown) => {
          fail(worker, error);
          return false;
        }),
      ),
    );
    return done.filter((further) => further !== false).length;
  };
}

/** What finishes what a request could not: the rounds that purchases need to come to their end. */
export function purchaseRounds(
  deps: Pick<Deps, 'store' | 'clock' | 'leaseMs'>,
  each: EachRow,
): readonly [deliveries: Round, ...others: Round[]] {
  const { store, clock } = deps;
  return [
    {
      name: 'process-deliveries',
      pauseMs: secondMs,
      gatherMs: deliveriesGatherMs,
      work: async () => {
        const due = await store.deliveries.claimDue(clock(), deliveriesBatch);
        return each('process-deliveries', due, processDelivery);
      },
    },
    {
      name: 'resume-requests',
      pauseMs: secondMs,
      work: async () => {
        const now = clock();
        const abandoned = await store.requests.claimAbandoned(now, now + deps.leaseMs, batch);
        return each('resume-requests', abandoned, resumeRequest);
      },
    },
    {
      name: 'settle',
      pauseMs: secondMs,
      work: async () => {
        const due = await store.settling.claimDue(clock(), batch);
        return each('settle', due, settle);
      },
    },
    {
      name: 'detach-methods',
      pauseMs: minuteMs,
      work: async () => {
        const removed = await store.customers.claimToDetach(clock(), batch);
        return each('detach-methods', removed, detachMethod);
      },
    },
    {
      name: 'expire-checkouts',
      pauseMs: minuteMs,
      work: async () => {
        const expired = await store.settling.findExpired(clock(), batch);
        await each('expire-checkouts', expired, expireCheckout);
        return 0;
      },
    },
    {
      name: 'capture-due',
      pauseMs: secondMs,
      work: async () => {
        const due = await store.settling.findToCapture(clock(), batch);
        return each('capture-due', due, captureDue);
      },
    },
    {
      name: 'expire-authorizations',
      pauseMs: hourMs,
      work: async () => {
        const lapsed = await store.settling.findLapsed(clock(), batch);
        await each('expire-authorizations', lapsed, expireAuthorization);
        return 0;
      },
    },
  ];
}
