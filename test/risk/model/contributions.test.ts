import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createExplainer } from '../../../src/risk/model/contributions.ts';
import { ensembleFrom, logOddsOf, MalformedTrees, type Tree } from '../../../src/risk/model/ensemble.ts';

const featureCount = 5;

type Node =
  | { feature: number; threshold: number; missingLeft: boolean; left: Node; right: Node }
  | { leaf: number; cover: number };

const node: fc.Arbitrary<Node> = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 6, depthIdentifier: 'tree' },
    fc.record({ leaf: fc.double({ min: -2, max: 2, noNaN: true }), cover: fc.integer({ min: 1, max: 500 }) }),
    fc.record({
      feature: fc.nat(featureCount - 1),
      threshold: fc.integer({ min: 0, max: 4 }),
      missingLeft: fc.boolean(),
      left: tie('node'),
      right: tie('node'),
    }),
  ),
})).node;

function flatten(root: Node): Tree {
  const tree = {
    feature: [],
    threshold: [],
    missing_left: [],
    left: [],
    right: [],
    value: [],
    cover: [],
  } as {
    -readonly [K in keyof Tree]: Tree[K] extends readonly (infer T)[] ? T[] : never;
  };
  const add = (at: Node): number => {
    const index = tree.feature.length;
    const leaf = 'leaf' in at;
    tree.feature.push(leaf ? -1 : at.feature);
    tree.threshold.push(leaf ? 0 : at.threshold);
    tree.missing_left.push(leaf ? false : at.missingLeft);
    tree.value.push(leaf ? at.leaf : 0);
    tree.left.push(-1);
    tree.right.push(-1);
    tree.cover.push(leaf ? at.cover : 0);
    if (!leaf) {
      tree.left[index] = add(at.left);
      tree.right[index] = add(at.right);
      tree.cover[index] = tree.cover[tree.left[index]]! + tree.cover[tree.right[index]]!;
    }
    return index;
  };
  add(root);
  return tree;
}

/** What a row scores when only the features of the set are known: at the others, leaves count by their cover. */
function expectation(tree: Tree, row: Float32Array, known: number, at = 0): number {
  const feature = tree.feature[at]!;
  if (feature === -1) return tree.value[at]!;
  const [left, right] = [tree.left[at]!, tree.right[at]!];
  const value = row[feature]!;
  const goesLeft = Number.isNaN(value) ? tree.missing_left[at]! : value <= tree.threshold[at]!;
  if ((known >> feature) & 1) return expectation(tree, row, known, goesLeft ? left : right);
  return (
    (tree.cover[left]! * expectation(tree, row, known, left) +
      tree.cover[right]! * expectation(tree, row, known, right)) /
    tree.cover[at]!
  );
}

/** Shapley values by their definition: over all sets of features. */
function shapley(tree: Tree, row: Float32Array): number[] {
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  return Array.from({ length: featureCount }, (_, feature) => {
    let sum = 0;
    for (let set = 0; set < 1 << featureCount; set += 1) {
      if ((set >> feature) & 1) continue;
      const size = set.toString(2).replaceAll('0', '').length;
      const weight = (factorial(size) * factorial(featureCount - 1 - size)) / factorial(featureCount);
      sum += weight * (expectation(tree, row, set | (1 << feature)) - expectation(tree, row, set));
    }
    return sum;
  });
}

describe('contributions', () => {
  test('are the Shapley values of the trees, and add up to the score', () => {
    const value = fc.oneof(fc.constant(NaN), fc.integer({ min: -1, max: 5 }));
    fc.assert(
      fc.property(
        fc.array(node, { minLength: 1, maxLength: 3 }),
        fc.array(value, { minLength: featureCount, maxLength: featureCount }),
        (roots, values) => {
          const trees = roots.map(flatten);
          const row = Float32Array.from(values);
          const ensemble = ensembleFrom(trees, featureCount);
          const explainer = createExplainer(ensemble);
          const contributions = explainer.contributions(row);
          const expected = trees
            .map((tree) => shapley(tree, row))
            .reduce((a, b) => a.map((x, i) => x + b[i]!));
          for (const [index, contribution] of contributions.entries())
            expect(contribution).toBeCloseTo(expected[index]!, 9);
          const sum = contributions.reduce((a, b) => a + b, explainer.expected);
          expect(sum).toBeCloseTo(logOddsOf(ensemble, row), 9);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('do not depend on which row was explained before', () => {
    const trees = fc.sample(node, { numRuns: 5, seed: 3 }).map(flatten);
    const explainer = createExplainer(ensembleFrom(trees, featureCount));
    const row = Float32Array.of(1, NaN, 3, 0, 2);
    const first = [...explainer.contributions(row)];
    explainer.contributions(Float32Array.of(4, 4, NaN, 4, 4));
    expect([...explainer.contributions(row)]).toEqual(first);
  });
});

test.each([
  ['a feature that there is not', { feature: [9, -1, -1] }],
  ['a child that there is not', { left: [7, -1, -1] }],
  ['a circle', { left: [0, -1, -1] }],
  ['a node in no tree', { left: [2, -1, -1] }],
  ['a leaf without a value', { value: [0, NaN, 1] }],
  ['a node that no training row reached', { cover: [10, 0, 10] }],
])('trees with %s are malformed', (_, broken) => {
  const tree: Tree = {
    feature: [0, -1, -1],
    threshold: [1, 0, 0],
    missing_left: [true, false, false],
    left: [1, -1, -1],
    right: [2, -1, -1],
    value: [0, -1, 1],
    cover: [10, 6, 4],
  };
  expect(() => ensembleFrom([tree], 1)).not.toThrow();
  expect(() => ensembleFrom([{ ...tree, ...broken }], 1)).toThrow(MalformedTrees);
});
