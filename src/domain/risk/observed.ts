import type { MerchantId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { EntityKeys, Happening } from './entities.ts';

/** What counters are told of the entities that the keys name. */
export type Observed = {
  readonly merchantId: MerchantId;
  readonly keys: EntityKeys;
  readonly change: Change;
};

export type Change = { readonly what: Happening; readonly at: Instant; readonly amount: number } | Labelled;

/** Became known to be fraud, or good; `happenedAt` is when the event that is spoken of took place. */
export type Labelled = {
  readonly what: 'labelled';
  readonly fraud: boolean;
  readonly happenedAt: Instant;
  /** The opposite was told of the same event before, and no longer counts. */
  readonly overrules?: boolean;
};
