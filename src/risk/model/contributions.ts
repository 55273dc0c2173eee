import { MalformedTrees, goesLeft, type Ensemble } from './ensemble.ts';

/**
 * Exact path-dependent TreeSHAP (Lundberg 2018), in two passes over a tree and remembered.
 *
 * In a leaf, feature j leaves the share `o` of the row (1 when the row satisfies all of the leaf's conditions on j, else
 * 0) and the share `z` of the training rows. The Shapley weights k!(m−1−k)!/m! are the integrals of t^k (1−t)^(m−1−k) over
 * 0…1, so that j's contribution in a leaf of value v is, with f_i = z_i (1−t) + o_i t,
 *
 *   v (o_j − z_j) ∫ Π over i≠j of f_i dt  =  ∫ (v Π over all i of f_i) (o_j − z_j) / f_j dt
 *
 * The integrand is a polynomial of degree m−1, which Gauss-Legendre quadrature integrates exactly with ⌈m/2⌉ points. At each
 * point the product in brackets is multiplied up on the way down, and summed over the leaves below on the way up; there
 * each edge adds that sum times (o − z) / f of its feature, less what an edge above on the same feature adds for these leaves.
 *
 * A tree's contributions depend on nothing but which way the row goes at each of its splits. Rows of one shop meet few of
 * these patterns: fifty thousand real orders met 280 a tree, and all but one tree in two hundred was a pattern met before.
 */
export type Explainer = {
  /** What an average training row scores, in log-odds: the score is this plus all contributions. */
  readonly expected: number;
  /** Log-odds that each feature added to or took from the expected score. */
  readonly contributions: (row: Float32Array) => Float64Array;
};

/** What the row does at an edge: it goes on, it stops here, or it had stopped at an edge above on the same feature. */
const goesOn = 0;
const stops = 1;
const stopped = 2;
const cases = 3;

/** Some hundred bytes each. A tree that meets more starts over: what rows meet often is soon known again. */
const patternsMax = 2_048;
/** A pattern is a number with a bit for each split, and numbers are exact up to 2^53. */
const splitsMax = 52;

type Tree = {
  /** Its nodes: from its root up to the next; and those of them that split. */
  readonly first: number;
  readonly end: number;
  readonly splits: readonly number[];
  /** What it splits on, and by pattern what each of these contributes. */
  readonly features: readonly number[];
  readonly known: Map<number, readonly number[]>;
};

export function createExplainer(ensemble: Ensemble): Explainer {
  const { featureCount } = ensemble;
  const trees = treesOf(ensemble);
  const explain = treeExplainer(ensemble);
  const patternOf = ({ splits }: Tree, row: Float32Array): number => {
    let pattern = 0;
    for (const node of splits) pattern = 2 * pattern + (goesLeft(ensemble, node, row) ? 1 : 0);
    return pattern;
  };
  const learn = (tree: Tree, pattern: number, row: Float32Array): readonly number[] => {
    const all = explain(tree, row);
    const parts = tree.features.map((of) => all[of] ?? 0);
    if (tree.known.size >= patternsMax) tree.known.clear();
    tree.known.set(pattern, parts);
    return parts;
  };
  return {
    expected: expectedOf(ensemble),
    contributions: (row) => {
      const contributions = new Float64Array(featureCount);
      for (const tree of trees) {
        const { features, known } = tree;
        const pattern = patternOf(tree, row);
        const parts = known.get(pattern) ?? learn(tree, pattern, row);
        for (let part = 0; part < parts.length; part += 1) {
          const of = features[part] ?? 0;
          contributions[of] = (contributions[of] ?? 0) + (parts[part] ?? 0);
        }
      }
      return contributions;
    },
  };
}

function treesOf({ nodes, parent, feature }: Ensemble): readonly Tree[] {
  const roots = [...parent.keys()].filter((node) => parent[node] === -1);
  return roots.map((first, index) => {
    const end = roots[index + 1] ?? nodes;
    // A plain array: to go over a typed one makes an object for each step, two thousand for each row.
    const splits: number[] = [];
    for (let node = first; node < end; node += 1) if (feature[node] !== -1) splits.push(node);
    if (splits.length > splitsMax) throw new MalformedTrees(`a tree splits more than ${splitsMax} times`);
    const features = [...new Set(splits.map((node) => feature[node] ?? 0))];
    return { first, end, splits, features, known: new Map() };
  });
}

/** What each feature contributes in one tree. */
function treeExplainer(ensemble: Ensemble): (tree: Tree, row: Float32Array) => Float64Array {
  const { nodes, left, right, feature, value, featureCount } = ensemble;
  const { above, split, points, weights, factors, shifts } = edgesOf(ensemble);
  /** The edge that leads to a node has the node's number. */
  const state = new Uint8Array(nodes);
  /** Of each node at each point: the product down to it, then the sum over the leaves below it. */
  const sums = new Float64Array(nodes * points);

  const enter = (node: number, from: number, taken: boolean): void => {
    const nearest = above[node] ?? -1;
    const before = nearest === -1 ? goesOn : (state[nearest] ?? goesOn);
    const here = before === goesOn ? (taken ? goesOn : stops) : stopped;
    state[node] = here;
    const edge = (node * cases + here) * points;
    for (let t = 0; t < points; t += 1)
      sums[node * points + t] = (sums[from * points + t] ?? 0) * (factors[edge + t] ?? 0);
  };
  const descend = ({ first, end }: Tree, row: Float32Array): void => {
    sums.set(weights, first * points);
    for (let node = first; node < end; node += 1) {
      if (feature[node] === -1) continue;
      const goes = goesLeft(ensemble, node, row);
      enter(left[node] ?? 0, node, goes);
      enter(right[node] ?? 0, node, !goes);
    }
  };
  /** Children lie behind their parents, so that backwards they are summed up first. */
  const ascend = ({ first, end }: Tree, contributions: Float64Array): void => {
    for (let node = end - 1; node > first; node -= 1) {
      const leaf = feature[node] === -1;
      const to = node * points;
      const [l, r] = [(left[node] ?? 0) * points, (right[node] ?? 0) * points];
      const edge = (node * cases + (state[node] ?? 0)) * points;
      let moved = 0;
      for (let t = 0; t < points; t += 1) {
        const sum = leaf ? (sums[to + t] ?? 0) * (value[node] ?? 0) : (sums[l + t] ?? 0) + (sums[r + t] ?? 0);
        sums[to + t] = sum;
        moved += sum * (shifts[edge + t] ?? 0);
      }
      const of = split[node] ?? 0;
      contributions[of] = (contributions[of] ?? 0) + moved;
    }
  };
  return (tree, row) => {
    const contributions = new Float64Array(featureCount);
    descend(tree, row);
    ascend(tree, contributions);
    return contributions;
  };
}

type Edges = {
  /** The nearest edge above on the same feature, and that feature; −1 without one, and of roots. */
  readonly above: Int32Array;
  readonly split: Int32Array;
  readonly points: number;
  readonly weights: Float64Array;
  /** Of each edge, case and point: what it multiplies the product by, and what it adds of the sum. */
  readonly factors: Float64Array;
  readonly shifts: Float64Array;
};

function edgesOf({ nodes, parent, feature, cover }: Ensemble): Edges {
  const above = new Int32Array(nodes).fill(-1);
  const split = new Int32Array(nodes).fill(-1);
  const share = new Float64Array(nodes).fill(1);
  /** Of each node, the features of its path with the last edge on each. */
  const paths: ReadonlyMap<number, number>[] = [];
  let featuresMax = 1;
  for (let node = 0; node < nodes; node += 1) {
    const over = parent[node] ?? -1;
    const path = new Map(paths[over]);
    paths.push(path);
    if (over === -1) continue;
    const on = feature[over] ?? -1;
    const nearest = path.get(on) ?? -1;
    split[node] = on;
    above[node] = nearest;
    share[node] = ((share[nearest] ?? 1) * (cover[node] ?? 0)) / (cover[over] ?? 1);
    path.set(on, node);
    featuresMax = Math.max(featuresMax, path.size);
  }
  const quadrature = gaussLegendre(Math.ceil(featuresMax / 2));
  const points = quadrature.length;
  const factors = new Float64Array(nodes * cases * points);
  const shifts = new Float64Array(nodes * cases * points);
  for (let node = 0; node < nodes; node += 1) {
    const z = share[node] ?? 1;
    // No edge above is one that every row passes.
    const zAbove = share[above[node] ?? -1] ?? 1;
    for (const [t, { point }] of quadrature.entries()) {
      const f = (o: number, share: number): number => share * (1 - point) + o * point;
      const before = (1 - zAbove) / f(1, zAbove);
      const set = (what: number, factor: number, shift: number): void => {
        const place = (node * cases + what) * points + t;
        factors[place] = factor;
        shifts[place] = shift;
      };
      set(goesOn, f(1, z) / f(1, zAbove), (1 - z) / f(1, z) - before);
      set(stops, f(0, z) / f(1, zAbove), -z / f(0, z) - before);
      set(stopped, f(0, z) / f(0, zAbove), 0);
    }
  }
  return {
    above,
    split,
    points,
    weights: Float64Array.from(quadrature, ({ weight }) => weight),
    factors,
    shifts,
  };
}

function expectedOf({ nodes, parent, feature, value, cover }: Ensemble): number {
  const reach = new Float64Array(nodes).fill(1);
  let expected = 0;
  for (let node = 0; node < nodes; node += 1) {
    const above = parent[node] ?? -1;
    if (above !== -1) reach[node] = ((reach[above] ?? 0) * (cover[node] ?? 0)) / (cover[above] ?? 1);
    if (feature[node] === -1) expected += (value[node] ?? 0) * (reach[node] ?? 0);
  }
  return expected;
}

/** The points and weights of Gauss-Legendre quadrature on 0…1, by Newton's method on the Legendre polynomial. */
function gaussLegendre(count: number): readonly { readonly point: number; readonly weight: number }[] {
  return Array.from({ length: count }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 1;
    // Converges quadratically from this start: five steps reach the last bit, more change nothing.
    for (let step = 0; step < 10; step += 1) {
      let [previous, current] = [1, x];
      for (let n = 2; n <= count; n += 1)
        [previous, current] = [current, ((2 * n - 1) * x * current - (n - 1) * previous) / n];
      slope = (count * (x * current - previous)) / (x * x - 1);
      x -= current / slope;
    }
    return { point: (x + 1) / 2, weight: 1 / ((1 - x * x) * slope * slope) };
  });
}
