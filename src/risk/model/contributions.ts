import { goesLeft, type Ensemble } from './ensemble.ts';

/**
 * Exact path-dependent TreeSHAP (Lundberg 2018), in two passes over the nodes.
 *
 * In a leaf, feature j leaves the share `o` of the row (1 when the row satisfies all of the leaf's conditions on j, else
 * 0) and the share `z` of the training rows. The Shapley weights k!(m−1−k)!/m! are the integrals of t^k (1−t)^(m−1−k) over
 * 0…1, so that j's contribution in a leaf of value v is
 *
 *   v (o_j − z_j) ∫ Π over i≠j of (z_i (1−t) + o_i t) dt
 *
 * The integrand is a polynomial of degree m−1, which Gauss-Legendre quadrature integrates exactly with ⌈m/2⌉ points. The
 * product at each point is carried down the tree; leaf values times products are summed back up; every edge adds its
 * feature's part. `z` depends on the path alone, so that all factors are tables made when the model is loaded.
 */
export type Explainer = {
  /** What an average training row scores, in log-odds: the score is this plus all contributions. */
  readonly expected: number;
  /** Log-odds that each feature added to or took from the expected score. */
  readonly contributions: (row: Float32Array) => Float64Array;
};

/**
 * How an edge and the nearest edge above it on the same feature stand to the row: 0 both left behind, 1 this one only, 2
 * both followed. Without such an edge above, it counts as followed.
 */
const states = 3;

export function createExplainer(ensemble: Ensemble): Explainer {
  const { nodes, parent, left, feature, value, featureCount } = ensemble;
  const paths = pathsOf(ensemble);
  const quadrature = gaussLegendre(Math.max(1, Math.ceil(paths.featuresMax / 2)));
  const points = quadrature.map(({ point, weight }) => tablesOf(paths, point, weight));

  const product = new Float64Array(nodes);
  const total = new Float64Array(nodes);
  /** Where in the tables the node's entry for its present state is. */
  const entry = new Int32Array(nodes);

  const follow = (row: Float32Array): void => {
    for (let node = 0; node < nodes; node += 1) {
      const above = parent[node] ?? -1;
      const same = paths.sameFeatureAbove[node] ?? -1;
      const leftBehind = same !== -1 && (entry[same] ?? 0) % states !== 2;
      const followed = above === -1 || goesLeft(ensemble, above, row) === (left[above] === node);
      entry[node] = node * states + (leftBehind ? 0 : followed ? 2 : 1);
    }
  };

  const integrate = ({ factors, shares }: Tables, contributions: Float64Array): void => {
    for (let node = 0; node < nodes; node += 1) {
      const above = parent[node] ?? -1;
      const here = above === -1 ? 1 : (product[above] ?? 0) * (factors[entry[node] ?? 0] ?? 0);
      product[node] = here;
      total[node] = (value[node] ?? 0) * here;
    }
    for (let node = nodes - 1; node >= 0; node -= 1) {
      const above = parent[node] ?? -1;
      if (above === -1) continue;
      const sum = total[node] ?? 0;
      const split = feature[above] ?? 0;
      total[above] = (total[above] ?? 0) + sum;
      contributions[split] = (contributions[split] ?? 0) + sum * (shares[entry[node] ?? 0] ?? 0);
    }
  };

  return {
    expected: expectedOf(ensemble),
    contributions: (row) => {
      const contributions = new Float64Array(featureCount);
      follow(row);
      for (const tables of points) integrate(tables, contributions);
      return contributions;
    },
  };
}

type Paths = {
  /** The nearest node above whose own edge splits on the same feature; −1 without one. */
  readonly sameFeatureAbove: Int32Array;
  /** Share of training rows left by all edges on this feature from the root to here. */
  readonly shareLeft: Float64Array;
  /** The most different features on one path. */
  readonly featuresMax: number;
};

function pathsOf({ nodes, parent, feature, cover }: Ensemble): Paths {
  const sameFeatureAbove = new Int32Array(nodes).fill(-1);
  const shareLeft = new Float64Array(nodes).fill(1);
  const features = new Uint16Array(nodes);
  let featuresMax = 0;
  for (let node = 0; node < nodes; node += 1) {
    const above = parent[node] ?? -1;
    if (above === -1) continue;
    let same = above;
    while (parent[same] !== -1 && feature[parent[same] ?? 0] !== feature[above]) same = parent[same] ?? 0;
    if (parent[same] === -1) same = -1;
    sameFeatureAbove[node] = same;
    shareLeft[node] = ((cover[node] ?? 0) / (cover[above] ?? 1)) * (same === -1 ? 1 : (shareLeft[same] ?? 1));
    features[node] = (features[above] ?? 0) + (same === -1 ? 1 : 0);
    featuresMax = Math.max(featuresMax, features[node] ?? 0);
  }
  return { sameFeatureAbove, shareLeft, featuresMax };
}

/**
 * At one point of the quadrature, for each node and state: by what the product changes on the way down, and what a leaf's share of the product is
 * worth to the edge's feature. A second edge on one feature replaces the first one's factor, and takes its worth back.
 */
function tablesOf({ sameFeatureAbove, shareLeft }: Paths, t: number, weight: number): Tables {
  const factors = new Float64Array(shareLeft.length * states);
  const shares = new Float64Array(shareLeft.length * states);
  for (let node = 0; node < shareLeft.length; node += 1) {
    const same = sameFeatureAbove[node] ?? -1;
    const z = shareLeft[node] ?? 1;
    const zAbove = same === -1 ? 1 : (shareLeft[same] ?? 1);
    for (let state = 0; state < states; state += 1) {
      const o = state === 2 ? 1 : 0;
      const oAbove = state === 0 ? 0 : 1;
      const factor = z * (1 - t) + o * t;
      const factorAbove = same === -1 ? 1 : zAbove * (1 - t) + oAbove * t;
      const worthAbove = same === -1 ? 0 : (oAbove - zAbove) / factorAbove;
      factors[node * states + state] = factor / factorAbove;
      shares[node * states + state] = weight * ((o - z) / factor - worthAbove);
    }
  }
  return { factors, shares };
}

type Tables = { readonly factors: Float64Array; readonly shares: Float64Array };

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
