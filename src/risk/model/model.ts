import { featuresOf } from '../../domain/risk/features/library.ts';
import { featureHash } from '../signals/feature-hash.ts';
import { createExplainer, type Explainer } from './contributions.ts';
import { ensembleFrom, logOddsOf, type Ensemble } from './ensemble.ts';
import { ModelRefused, readModelFiles, type ModelFiles } from './files.ts';
import { openOnnxEngine, type Engine, type OpenEngine } from './onnx.ts';

/** A model that has proved itself on load: it scores and explains its trainer's own rows as the trainer did. */
export type Model = {
  readonly name: string;
  readonly hash: string;
  /** The features of a row, in order. */
  readonly features: readonly string[];
  /** Where in a row each feature lies. */
  readonly places: ReadonlyMap<string, number>;
  /** `values` has every feature by name; NaN is unknown. Throws when the engine fails or answers no number. */
  readonly score: (row: Float32Array) => Promise<Score>;
  readonly explain: Explainer;
  /** `trees` where the ONNX runtime cannot be loaded: the same score to a millionth, and worth a warning. */
  readonly engine: 'onnx' | 'trees';
};

export type Score = { readonly logOdds: number; readonly probability: number };

/**
 * What differs by more than this from the trainer is another model. The runtime adds up hundreds of leaves in 32 bits,
 * which costs a few millionths of log-odds and, in the probability, less than one.
 */
const tolerance = { score: 1e-6, contribution: 1e-5 };

/** Loads and proves a model. Throws `ModelRefused` with the reason; the caller keeps what it has, or does not start. */
export async function loadModel(directory: string, openEngine: OpenEngine = openOnnxEngine): Promise<Model> {
  const files = await readModelFiles(directory);
  const refuse = (why: string, cause?: unknown): never => {
    throw new ModelRefused(directory, why, cause);
  };
  fits(files, refuse);
  const ensemble = orRefuse(() => ensembleFrom(files.trees.trees, files.features.inputs.length), refuse);
  const opened = await openEngine(files.onnx).catch((cause: unknown) =>
    refuse('model.onnx is no model', cause),
  );
  const engine = opened ?? ((row) => Promise.resolve(logOddsOf(ensemble, row)));
  const explain = createExplainer(ensemble);
  await prove(files, ensemble, engine, explain, refuse);
  const features = files.features.inputs.map((feature) => feature.name);
  return {
    name: files.name,
    hash: files.hash,
    features,
    places: new Map(features.map((name, place) => [name, place])),
    explain,
    engine: opened === null ? 'trees' : 'onnx',
    score: async (row) => {
      const logOdds = await engine(row);
      const probability = probabilityOf(files.calibration, logOdds);
      if (!(probability >= 0 && probability <= 1)) throw new Error(`${files.name} scored ${probability}`);
      return { logOdds, probability };
    },
  };
}

/** A row of a model from values by name; what the model does not read is left out. */
export function rowOf(model: Model, values: Readonly<Record<string, number | null>>): Float32Array {
  const row = new Float32Array(model.features.length);
  // `Float32Array.from` with a function takes six times as long.
  model.features.forEach((name, place) => (row[place] = values[name] ?? NaN));
  return row;
}

function probabilityOf({ slope, intercept }: ModelFiles['calibration'], logOdds: number): number {
  return 1 / (1 + Math.exp(-(slope * logOdds + intercept)));
}

type Refuse = (why: string, cause?: unknown) => never;

function orRefuse<T>(make: () => T, refuse: Refuse): T {
  try {
    return make();
  } catch (cause) {
    return refuse(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** The model was trained on the features as this library declares them, not on others of the same name. */
function fits({ features: { inputs, hash, event } }: ModelFiles, refuse: Refuse): void {
  const declared = new Map(featuresOf(event).map((feature) => [feature.name as string, feature]));
  const read = inputs.map(
    ({ name }) => declared.get(name) ?? refuse(`${event} does not compute its feature ${name}`),
  );
  if (featureHash(read) !== hash)
    refuse('its features.json and the feature library declare the same names differently');
}

async function prove(
  { golden, calibration }: ModelFiles,
  ensemble: Ensemble,
  engine: Engine,
  explain: Explainer,
  refuse: Refuse,
): Promise<void> {
  const differs = (value: number, expected: number | undefined, by: number): boolean =>
    !(Math.abs(value - (expected ?? NaN)) <= by);
  for (const [index, { values, log_odds, contributions }] of golden.rows.entries()) {
    const row = Float32Array.from(values, (value) => value ?? NaN);
    if (row.length !== ensemble.featureCount) refuse(`golden row ${index} has ${row.length} features`);
    const scored = await engine(row).catch((cause: unknown) =>
      refuse('model.onnx cannot score a row', cause),
    );
    for (const [file, logOdds] of Object.entries({
      'model.onnx': scored,
      'trees.json': logOddsOf(ensemble, row),
    }))
      if (differs(probabilityOf(calibration, logOdds), probabilityOf(calibration, log_odds), tolerance.score))
        refuse(`${file} scores golden row ${index} ${logOdds} in log-odds, its trainer ${log_odds}`);
    const wrong = explain
      .contributions(row)
      .findIndex((value, at) => differs(value, contributions[at], tolerance.contribution));
    if (wrong !== -1) refuse(`golden row ${index}: the contribution of input ${wrong} is not the trainer's`);
  }
}
