import { labelQuiet } from '../flows/label-quiet.ts';
import type { Deps } from '../flows/deps.ts';
import type { QuietSince } from '../domain/risk/label.ts';
import { hourMs } from '../kernel/instant.ts';
import { type EachRow, type Round, batch } from './rounds.ts';

/** Labels what nobody has contested for `goodAfterMs`, from the longest quiet on. What failed is tried again next time round. */
export function labelQuietRound(
  { store, clock }: Pick<Deps, 'store' | 'clock'>,
  each: EachRow,
  goodAfterMs: number | null,
): Round {
  /** Every process begins at the oldest once. */
  let since: QuietSince | null = null;
  /** From where the first that failed was found, if one did. */
  let again: { readonly since: QuietSince | null } | undefined;
  return {
    name: 'label-quiet',
    pauseMs: hourMs,
    work: async () => {
      if (goodAfterMs === null) return 0;
      const until = clock() - goodAfterMs;
      const quiet = await store.labels.findQuiet(until, since, batch);
      const last = quiet.at(-1);
      if (last === undefined) {
        since = again === undefined ? { at: until, checkoutId: '' } : again.since;
        again = undefined;
        return 0;
      }
      const done = await each('label-quiet', quiet, labelQuiet);
      if (done < quiet.length) again ??= { since };
      since = { at: last.sale?.payment.changedAt ?? until, checkoutId: last.checkout.id };
      return done;
    },
  };
}
