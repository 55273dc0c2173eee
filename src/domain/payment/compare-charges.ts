import type { AttemptId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { Currency } from '../../kernel/money.ts';

/** What one side knows of one charge, amounts in minor units. */
export type ChargeFacts = {
  readonly attemptId: AttemptId | null;
  readonly pspReference: string | null;
  readonly at: Instant;
  readonly currency: Currency;
  readonly authorized: bigint;
  readonly captured: bigint;
  readonly refunded: bigint;
};

export type Difference = {
  readonly kind: DifferenceKind;
  readonly attemptId: AttemptId | null;
  readonly pspReference: string | null;
  readonly here: string;
  readonly there: string;
};

export type DifferenceKind =
  /** The PSP charged what nobody here knows of. */
  | 'unknown_here'
  /** Authorised here, and the PSP has no such charge. */
  | 'unknown_there'
  | 'currency'
  | 'authorized'
  | 'captured'
  | 'refunded';

/** Every difference between our journal and a PSP's list of charges. What agrees is not mentioned. */
export function compareCharges(here: readonly ChargeFacts[], there: readonly ChargeFacts[]): Difference[] {
  const ours = new Map(here.map((each) => [each.attemptId, each]));
  const byReference = new Map(here.map((each) => [each.pspReference, each]));
  const seen = new Set<ChargeFacts>();
  const differences = there.flatMap((charge): Difference[] => {
    const own =
      (charge.attemptId === null ? undefined : ours.get(charge.attemptId)) ??
      byReference.get(charge.pspReference);
    const { attemptId, pspReference } = charge;
    const differ = (kind: DifferenceKind, mine: unknown, theirs: unknown): Difference[] =>
      mine === theirs ? [] : [{ kind, attemptId, pspReference, here: String(mine), there: String(theirs) }];
    if (own === undefined)
      return differ('unknown_here', 'nothing', `${charge.authorized} ${charge.currency}`);
    seen.add(own);
    if (own.currency !== charge.currency) return differ('currency', own.currency, charge.currency);
    return [
      ...differ('authorized', own.authorized, charge.authorized),
      ...differ('captured', own.captured, charge.captured),
      ...differ('refunded', own.refunded, charge.refunded),
    ];
  });
  const missing = here.filter((each) => !seen.has(each));
  return [
    ...differences,
    ...missing.map(({ attemptId, pspReference, authorized, currency }): Difference => {
      const mine = `${authorized} ${currency}`;
      return { kind: 'unknown_there', attemptId, pspReference, here: mine, there: 'nothing' };
    }),
  ];
}
