import { add, emptyTally, type Recorded, type Tally } from '../domain/risk/backtest.ts';
import type { Policy } from '../domain/risk/policy/policy.ts';
import type { MerchantId } from '../kernel/ids.ts';
import type { Deps } from './deps.ts';

/** Judged without giving way to others: some milliseconds of work. */
const pageMax = 50;

/** What a policy would have decided on past assessments, the newest first, at most `limit` of them. */
export async function backtestPolicy(
  { store, desk }: Pick<Deps, 'store' | 'desk'>,
  merchantId: MerchantId,
  policy: Policy,
  limit: number,
): Promise<Tally> {
  const tally = emptyTally();
  let before: (Recorded & { readonly at: number }) | null = null;
  for (;;) {
    const wanted = Math.min(pageMax, limit - tally.assessments);
    const page = await store.assessments.recorded(merchantId, policy.event, before, wanted);
    for (const recorded of page) add(tally, await desk.rejudge(policy, recorded));
    before = page.at(-1) ?? null;
    if (page.length < pageMax || tally.assessments >= limit) return tally;
  }
}
