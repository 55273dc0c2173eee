import { expect, test } from '@jest/globals';
import { bootstrap, rankingOf, seeded, type Judged } from '../../../src/cli/ranking.ts';

const judged = (scores: readonly number[], fraud: boolean): Judged[] =>
  scores.map((score) => ({ score, fraud }));

test('a perfect order has no mistakes, and one score for all is a guess', () => {
  const perfect = rankingOf([...judged([3, 4], true), ...judged([1, 2], false)]);
  expect([perfect.auc, perfect.ap, perfect.recallAt(0), perfect.lift(0.5)]).toEqual([1, 1, 1, 2]);
  const guess = rankingOf([...judged([1, 1], true), ...judged([1, 1], false)]);
  expect([guess.auc, guess.ap, guess.recallAt(0.5)]).toEqual([0.5, 0.5, 0]);
});

test('the recall at a rate counts the last good event that the rate allows', () => {
  // The one good event of 49 that scores above the only fraud; 1 / 49 times 49 is less than 1.
  const events = [...judged([3], false), ...judged([2], true), ...judged(Array<number>(48).fill(1), false)];
  expect(rankingOf(events).recallAt(1 / 49)).toBe(1);
  expect(rankingOf(events).recallAt(0.9 / 49)).toBe(0);
});

test('an interval draws the events of one buyer together and leaves out samples that say nothing', () => {
  const share = (sample: readonly Judged[]): number =>
    sample.filter(({ fraud }) => fraud).length / sample.length;
  const alone = [...judged(Array<number>(50).fill(1), true), ...judged(Array<number>(50).fill(1), false)];
  const apart = bootstrap(
    alone.map((event) => [event]),
    share,
    seeded(1),
    200,
  );
  const together = bootstrap([alone.slice(0, 50), alone.slice(50)], share, seeded(1), 200);
  expect(together).toEqual([0, 1]);
  expect(apart[0]).toBeGreaterThan(0.35);
  expect(apart[1]).toBeLessThan(0.65);

  const rare = bootstrap([judged([2], true), judged([1], false)], (s) => rankingOf(s).auc, seeded(1), 50);
  expect(rare).toEqual([1, 1]);
});
