import { type ChargeFacts, type Difference, compareCharges } from '../domain/payment/compare-charges.ts';
import { type Instant, minuteMs } from '../kernel/instant.ts';
import type { PspAccount, PspCharge } from '../psp/psp.ts';
import type { Deps } from './deps.ts';

export type Reconciliation = {
  readonly psp: string;
  readonly account: string;
  readonly compared: number;
  readonly differences: readonly Difference[];
};

/** The two clocks differ, and a charge is younger than the attempt it was made for. */
const clocksDifferMs = 10 * minuteMs;

/**
 * Compares our journal with a PSP's own list of what it charged in a span of time. Null where the PSP has no list and
 * none was brought: `report` is the list of a PSP that only writes reports.
 */
export async function reconcile(
  deps: Pick<Deps, 'store'>,
  { merchantId, psp }: PspAccount,
  span: { readonly since: Instant; readonly until: Instant },
  report?: readonly PspCharge[],
): Promise<Reconciliation | null> {
  const listed = report ?? (psp.listCharges && (await all(psp.listCharges(span.since, span.until))));
  if (listed === null) return null;
  const there = listed.map(factsOf);
  const account = { psp: psp.name, account: psp.account };
  // What is just outside the span here may be inside it there.
  const wide = { since: span.since - clocksDifferMs, until: span.until + clocksDifferMs };
  const known = await deps.store.settling.charges(merchantId, account, wide);
  const differences = compareCharges(known, there).filter((each) => {
    const own = known.find(({ attemptId }) => attemptId === each.attemptId);
    return each.kind !== 'unknown_there' || own === undefined || isInside(own.at, span);
  });
  return { psp: psp.name, account: psp.account, compared: there.length, differences };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const listed: T[] = [];
  for await (const each of items) listed.push(each);
  return listed;
}

function isInside(at: Instant, { since, until }: { since: Instant; until: Instant }): boolean {
  return at > since + clocksDifferMs && at < until - clocksDifferMs;
}

function factsOf({ pspReference, attemptId, at, authorized, captured, refunded }: PspCharge): ChargeFacts {
  return {
    attemptId: attemptId ?? null,
    pspReference,
    at,
    currency: authorized.currency,
    authorized: authorized.amount,
    captured,
    refunded,
  };
}
