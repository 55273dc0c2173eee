/**
 * Decision trees as flat arrays, all trees one after another, parents before children. Root `r` of a tree has `parent[r]`
 * −1; a leaf has `feature` −1.
 */
export type Ensemble = {
  readonly nodes: number;
  readonly featureCount: number;
  readonly parent: Int32Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly feature: Int32Array;
  /** A row goes left when its value, rounded to 32 bits as in the ONNX file, is at most this. */
  readonly threshold: Float64Array;
  readonly missingGoesLeft: Uint8Array;
  /** Leaf values, in log-odds. */
  readonly value: Float64Array;
  /** How many training rows passed. */
  readonly cover: Float64Array;
};

/** A tree as `trees.json` has it: parallel lists, one item per node, children by index. */
export type Tree = {
  readonly feature: readonly number[];
  readonly threshold: readonly number[];
  readonly missing_left: readonly boolean[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly value: readonly number[];
  readonly cover: readonly number[];
};

/** Lays the trees out parents first. Throws `MalformedTrees` when they are not trees over these features. */
export function ensembleFrom(trees: readonly Tree[], featureCount: number): Ensemble {
  const nodes = trees.reduce((sum, tree) => sum + tree.feature.length, 0);
  const ensemble = {
    nodes,
    featureCount,
    parent: new Int32Array(nodes).fill(-1),
    left: new Int32Array(nodes).fill(-1),
    right: new Int32Array(nodes).fill(-1),
    feature: new Int32Array(nodes).fill(-1),
    threshold: new Float64Array(nodes),
    missingGoesLeft: new Uint8Array(nodes),
    value: new Float64Array(nodes),
    cover: new Float64Array(nodes),
  };
  let next = 0;
  const place = (tree: Tree, placed: Set<number>, index: number, parent: number): number => {
    if (placed.has(index)) throw new MalformedTrees(`node ${index} has two parents`);
    placed.add(index);
    const at = next;
    next += 1;
    const cover = tree.cover[index] ?? NaN;
    const feature = tree.feature[index] ?? NaN;
    if (!(cover > 0)) throw new MalformedTrees(`there is no node ${index} that training rows reached`);
    ensemble.parent[at] = parent;
    ensemble.cover[at] = cover;
    if (feature === -1) {
      ensemble.value[at] = finite(tree.value[index], 'leaf value');
      return at;
    }
    if (!Number.isInteger(feature) || feature < 0 || feature >= featureCount)
      throw new MalformedTrees(`there is no feature ${feature}`);
    ensemble.feature[at] = feature;
    ensemble.threshold[at] = finite(tree.threshold[index], 'threshold');
    ensemble.missingGoesLeft[at] = tree.missing_left[index] === true ? 1 : 0;
    ensemble.left[at] = place(tree, placed, tree.left[index] ?? -1, at);
    ensemble.right[at] = place(tree, placed, tree.right[index] ?? -1, at);
    return at;
  };
  for (const tree of trees) place(tree, new Set(), 0, -1);
  if (next !== nodes) throw new MalformedTrees('some nodes belong to no tree');
  return ensemble;
}

function finite(value: number | undefined, what: string): number {
  if (value === undefined || !Number.isFinite(value)) throw new MalformedTrees(`a ${what} is not a number`);
  return value;
}

export class MalformedTrees extends Error {
  readonly code = 'malformed_trees';
}

/** Whether a row goes left at an inner node; NaN goes where the training sent missing values. */
export function goesLeft(
  { feature, threshold, missingGoesLeft }: Ensemble,
  node: number,
  row: Float32Array,
): boolean {
  const value = row[feature[node] ?? -1] ?? NaN;
  return value <= (threshold[node] ?? NaN) || (Number.isNaN(value) && missingGoesLeft[node] === 1);
}

/** The row's log-odds: the oracle of the ONNX file, and what scores in its place where its runtime cannot be loaded. */
export function logOddsOf(ensemble: Ensemble, row: Float32Array): number {
  const { nodes, parent, feature, left, right, value } = ensemble;
  let sum = 0;
  for (let root = 0; root < nodes; root += 1) {
    if (parent[root] !== -1) continue;
    let node = root;
    while ((feature[node] ?? -1) !== -1)
      node = (goesLeft(ensemble, node, row) ? left[node] : right[node]) ?? -1;
    sum += value[node] ?? 0;
  }
  return sum;
}
