import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';

/** What a model directory holds, as `models/training` writes it. */
export type ModelFiles = {
  readonly name: string;
  /** SHA-256 over the files that decide: the ONNX trees, their order of features, their calibration, the trees. */
  readonly hash: string;
  readonly onnx: Buffer;
  readonly features: z.infer<typeof featuresSchema>;
  readonly calibration: z.infer<typeof calibrationSchema>;
  readonly trees: z.infer<typeof treesSchema>;
  readonly golden: z.infer<typeof goldenSchema>;
};

const deciding = ['model.onnx', 'features.json', 'calibration.json', 'trees.json'] as const;

const numbers = z.array(z.number());

/** `inputs` are declarations of the feature library as it was when the model was trained; `hash` is theirs. */
const featuresSchema = z.object({
  event: z.enum(['account_creation', 'add_card', 'checkout', 'login']),
  hash: z.string(),
  inputs: z.array(z.object({ name: z.string() })).min(1),
});

/** Platt's curve from the trees' log-odds to a probability. */
const calibrationSchema = z.object({ method: z.literal('platt'), slope: z.number(), intercept: z.number() });

const treesSchema = z.object({
  trees: z.array(
    z.object({
      feature: numbers,
      threshold: numbers,
      missing_left: z.array(z.boolean()),
      left: numbers,
      right: numbers,
      value: numbers,
      cover: numbers,
    }),
  ),
});

/** Made-up rows with the trainer's own answers; null is a missing value. */
const goldenSchema = z.object({
  rows: z
    .array(
      z.object({
        values: z.array(z.number().nullable()),
        log_odds: z.number(),
        contributions: numbers,
        expected: z.number(),
      }),
    )
    .min(1),
});

/** The hash of the model in a directory. Throws `ModelRefused` when a file is missing. */
export async function hashOfModel(directory: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of deciding) {
    const content = await read(directory, file);
    hash.update(createHash('sha256').update(content).digest());
  }
  return hash.digest('hex');
}

/** Throws `ModelRefused` when a file is missing or of another shape. */
export async function readModelFiles(directory: string): Promise<ModelFiles> {
  const parse = async <T>(file: string, schema: z.ZodType<T>): Promise<T> => {
    const text = (await read(directory, file)).toString();
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      const where = cause instanceof z.ZodError ? `: ${z.prettifyError(cause).slice(0, 300)}` : '';
      throw new ModelRefused(directory, `${file} has another shape${where}`, cause);
    }
  };
  return {
    name: basename(directory),
    hash: await hashOfModel(directory),
    onnx: await read(directory, 'model.onnx'),
    features: await parse('features.json', featuresSchema),
    calibration: await parse('calibration.json', calibrationSchema),
    trees: await parse('trees.json', treesSchema),
    golden: await parse('golden.json', goldenSchema),
  };
}

async function read(directory: string, file: string): Promise<Buffer> {
  try {
    return await readFile(join(directory, file));
  } catch (cause) {
    throw new ModelRefused(directory, `${file} cannot be read`, cause);
  }
}

/** A model that must not decide: corrupt, foreign, or not fitting the feature library. */
export class ModelRefused extends Error {
  readonly code = 'model_refused';
  constructor(directory: string, why: string, cause?: unknown) {
    super(`the model in ${directory} is refused: ${why}`, { cause });
    this.name = 'ModelRefused';
  }
}
