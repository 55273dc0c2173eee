/** One judged event: the higher the score the more suspicious. */
export type Judged = { readonly score: number; readonly fraud: boolean };

export type Ranking = {
  readonly auc: number;
  readonly ap: number;
  readonly recallAt: (fpr: number) => number;
  /** How many times more frauds than by chance are among the top share. */
  readonly lift: (topShare: number) => number;
};

/** A rate times a number is a hair off the whole number that it stands for; without this the last good event was lost. */
const rounding = 1e-6;

/** How well scores order frauds before good events; equal scores share their place. NaN where there is no fraud, or nothing else. */
export function rankingOf(judged: readonly Judged[]): Ranking {
  const sorted = judged.toSorted((a, b) => b.score - a.score);
  const frauds = sorted.filter(({ fraud }) => fraud).length;
  const goods = sorted.length - frauds;

  /** The curve's corners: after each run of equal scores, how many of either were seen. */
  const corners: { frauds: number; goods: number }[] = [];
  let seen = { frauds: 0, goods: 0 };
  sorted.forEach(({ score, fraud }, index) => {
    seen = { frauds: seen.frauds + (fraud ? 1 : 0), goods: seen.goods + (fraud ? 0 : 1) };
    if (sorted[index + 1]?.score !== score) corners.push(seen);
  });

  let auc = 0;
  let ap = 0;
  let before = { frauds: 0, goods: 0 };
  for (const corner of corners) {
    auc += ((corner.goods - before.goods) * (corner.frauds + before.frauds)) / 2;
    ap += ((corner.frauds - before.frauds) * corner.frauds) / (corner.frauds + corner.goods);
    before = corner;
  }

  return {
    auc: auc / (frauds * goods),
    ap: ap / frauds,
    recallAt: (fpr) => {
      const allowed = corners.findLast((corner) => corner.goods <= fpr * goods + rounding);
      return (allowed?.frauds ?? 0) / frauds;
    },
    lift: (topShare) => {
      const top = Math.round(sorted.length * topShare);
      const found = sorted.slice(0, top).filter(({ fraud }) => fraud).length;
      return found / top / (frauds / sorted.length);
    },
  };
}

/**
 * The middle 95 % of a statistic over `times` samples drawn with replacement; `random` makes it repeatable. What belongs together
 * is drawn together: a buyer's orders share their fate, and drawn one by one they would look like more evidence than they are.
 */
export function bootstrap<T>(
  groups: readonly (readonly T[])[],
  statistic: (sample: readonly T[]) => number,
  random: () => number,
  times: number,
): [low: number, high: number] {
  const found: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const value = statistic(groups.flatMap(() => groups[Math.floor(random() * groups.length)] ?? []));
    // A sample of few frauds may have none, and says nothing then.
    if (!Number.isNaN(value)) found.push(value);
  }
  found.sort((a, b) => a - b);
  return [found[Math.floor(found.length * 0.025)] ?? NaN, found[Math.floor(found.length * 0.975)] ?? NaN];
}

/** A repeatable source of numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
