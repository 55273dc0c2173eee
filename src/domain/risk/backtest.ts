import type { Assessment } from './assessment.ts';
import { legalDecisions, type Decision } from './decision.ts';

/** An assessment as it was recorded, with what it turned out to be where that is known. */
export type Recorded = Pick<
  Assessment,
  'id' | 'event' | 'decision' | 'score' | 'features' | 'findings' | 'degraded' | 'rulesSnoozed'
> & { readonly fraud?: boolean | null };

export type Flip = {
  readonly id: string;
  readonly before: Decision;
  readonly after: Decision;
  readonly rules: readonly string[];
  /** Minor units of the order; 0 where there is no money. */
  readonly money: bigint;
  readonly currency: string | null;
  readonly fraud: boolean | null;
};

export type Tally = {
  assessments: number;
  flips: number;
  /** Minor units of the flipped orders, whatever their currency. */
  money_minor: number;
  /** `allow→block`: how many, their money, and how many of them are known to be fraud or good. */
  readonly by: Record<string, { flips: number; money_minor: number; fraud: number; good: number }>;
};

export function emptyTally(): Tally {
  return { assessments: 0, flips: 0, money_minor: 0, by: {} };
}

export function add(tally: Tally, { before, after, money, fraud }: Flip): void {
  tally.assessments += 1;
  if (before === after) return;
  const row = (tally.by[`${before}→${after}`] ??= { flips: 0, money_minor: 0, fraud: 0, good: 0 });
  tally.flips += 1;
  row.flips += 1;
  tally.money_minor += Number(money);
  row.money_minor += Number(money);
  if (fraud === true) row.fraud += 1;
  if (fraud === false) row.good += 1;
}

/** Whether a value read from a file has the parts that a backtest needs. */
export function isRecorded(value: unknown): value is Recorded {
  if (typeof value !== 'object' || value === null) return false;
  const { event, decision, features, findings, degraded, rulesSnoozed } = value as Partial<Recorded>;
  return (
    event !== undefined &&
    event in legalDecisions &&
    decision !== undefined &&
    legalDecisions[event].includes(decision) &&
    typeof features === 'object' &&
    typeof findings === 'object' &&
    Array.isArray(degraded) &&
    Array.isArray(rulesSnoozed)
  );
}
