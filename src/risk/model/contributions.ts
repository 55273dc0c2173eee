import { MalformedTrees, goesLeft, type Ensemble } from './ensemble.ts';

/**
 * Exact path-dependent TreeSHAP (Lundberg 2018), looked up instead of computed.
 *
 * In a leaf, feature j leaves the share `o` of the row (1 when the row satisfies all of the leaf's conditions on j, else
 * 0) and the share `z` of the training rows. The Shapley weights k!(m−1−k)!/m! are the integrals of t^k (1−t)^(m−1−k) over
 * 0…1, so that j's contribution in a leaf of value v is
 *
 *   v (o_j − z_j) ∫ Π over i≠j of (z_i (1−t) + o_i t) dt
 *
 * The integrand is a polynomial of degree m−1, which Gauss-Legendre quadrature integrates exactly with ⌈m/2⌉ points. Only
 * the bits `o` depend on the row, and rows meet few of their patterns: each leaf keeps what a pattern gave the first time.
 */
export type Explainer = {
  /** What an average training row scores, in log-odds: the score is this plus all contributions. */
  readonly expected: number;
  /** Log-odds that each feature added to or took from the expected score. */
  readonly contributions: (row: Float32Array) => Float64Array;
};

export function createExplainer(ensemble: Ensemble): Explainer {
  const { nodes, parent, left, right, feature, featureCount } = ensemble;
  const bit = bitsOf(ensemble);
  const leaves = leavesOf(ensemble);
  const size = leaves.reduce((sum, { features }) => sum + tableSize(features.length), 0);
  /** Of each leaf one after another, for each pattern of bits, the contributions of its features; NaN before the first use. */
  const tables = new Float64Array(size).fill(NaN);
  // Flat, because two thousand leaves as objects would be two thousand cache misses.
  const node = Int32Array.from(leaves, (leaf) => leaf.node);
  const count = Int32Array.from(leaves, (leaf) => leaf.features.length);
  const features = Int32Array.from(leaves.flatMap((leaf) => leaf.features));
  /** Bit j: the row satisfies all conditions so far on the j-th feature of the path. */
  const pattern = new Int32Array(nodes);

  const follow = (row: Float32Array): void => {
    for (let at = 0; at < nodes; at += 1) {
      const here = parent[at] === -1 ? -1 : (pattern[at] ?? 0);
      if (feature[at] === -1) continue;
      const failed = here & ~(bit[at] ?? 0);
      const goes = goesLeft(ensemble, at, row);
      pattern[left[at] ?? -1] = goes ? here : failed;
      pattern[right[at] ?? -1] = goes ? failed : here;
    }
  };

  return {
    expected: expectedOf(ensemble),
    contributions: (row) => {
      const contributions = new Float64Array(featureCount);
      follow(row);
      let table = 0;
      let path = 0;
      for (let leaf = 0; leaf < node.length; leaf += 1) {
        const met = count[leaf] ?? 0;
        const bits = (pattern[node[leaf] ?? 0] ?? 0) & ((1 << met) - 1);
        const entry = table + bits * met;
        if (Number.isNaN(tables[entry])) fill(tables, entry, leaves[leaf], bits);
        for (let j = 0; j < met; j += 1) {
          const at = features[path + j] ?? 0;
          contributions[at] = (contributions[at] ?? 0) + (tables[entry + j] ?? 0);
        }
        table += tableSize(met);
        path += met;
      }
      return contributions;
    },
  };
}

function fill(tables: Float64Array, entry: number, leaf: Leaf | undefined, bits: number): void {
  if (leaf !== undefined) tables.set(partsOf(leaf, bits), entry);
}

/** A leaf of twelve features already has a table of 400 KB; those of the shipped model make 2.5 MB together. */
const pathFeaturesMax = 12;

function tableSize(features: number): number {
  return features << features;
}

type Leaf = {
  readonly node: number;
  readonly value: number;
  /** The features of its path in the order in which they are first met, and the share of training rows that each leaves. */
  readonly features: readonly number[];
  readonly shares: readonly number[];
};

function leavesOf({ nodes, parent, feature, value, cover }: Ensemble): readonly Leaf[] {
  const paths: { readonly features: readonly number[]; readonly shares: readonly number[] }[] = [];
  const leaves: Leaf[] = [];
  for (let node = 0; node < nodes; node += 1) {
    const above = parent[node] ?? -1;
    const path = paths[above];
    if (path === undefined) paths.push({ features: [], shares: [] });
    else {
      const share = (cover[node] ?? 0) / (cover[above] ?? 1);
      const split = feature[above] ?? 0;
      const met = path.features.indexOf(split);
      paths.push(
        met === -1
          ? { features: [...path.features, split], shares: [...path.shares, share] }
          : { features: path.features, shares: path.shares.with(met, (path.shares[met] ?? 1) * share) },
      );
    }
    const here = paths[node];
    if (here === undefined || feature[node] !== -1) continue;
    if (here.features.length > pathFeaturesMax)
      throw new MalformedTrees(`a path splits on more than ${pathFeaturesMax} different features`);
    leaves.push({ node, value: value[node] ?? 0, ...here });
  }
  return leaves;
}

/** Of each inner node, the bit of its feature: features are numbered along a path as they are first met. */
function bitsOf({ nodes, parent, feature }: Ensemble): Int32Array {
  const met: number[][] = [];
  return Int32Array.from({ length: nodes }, (_, node) => {
    const before = met[parent[node] ?? -1] ?? [];
    const split = feature[node] ?? -1;
    const here = split === -1 || before.includes(split) ? before : [...before, split];
    met.push(here);
    return split === -1 ? 0 : 1 << here.indexOf(split);
  });
}

/** What each feature of a leaf contributes when the row satisfies those whose bits are set. */
function partsOf({ value, shares }: Leaf, bits: number): Float64Array {
  const parts = new Float64Array(shares.length);
  for (const { point, weight } of quadratureFor(shares.length)) {
    const factors = shares.map((z, j) => z * (1 - point) + ((bits >> j) & 1) * point);
    const product = factors.reduce((all, factor) => all * factor, weight * value);
    shares.forEach((z, j) => {
      parts[j] = (parts[j] ?? 0) + (product / (factors[j] ?? 1)) * (((bits >> j) & 1) - z);
    });
  }
  return parts;
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

type Quadrature = readonly { readonly point: number; readonly weight: number }[];
const quadratures = new Map<number, Quadrature>();

function quadratureFor(features: number): Quadrature {
  const count = Math.max(1, Math.ceil(features / 2));
  const quadrature = quadratures.get(count) ?? gaussLegendre(count);
  quadratures.set(count, quadrature);
  return quadrature;
}

/** The points and weights of Gauss-Legendre quadrature on 0…1, by Newton's method on the Legendre polynomial. */
function gaussLegendre(count: number): Quadrature {
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
