import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Scores one row and gives its log-odds. */
export type Engine = (row: Float32Array) => Promise<number>;

/**
 * The ONNX file in its runtime: one thread and one row, on the event loop, because a row takes microseconds and a hop to
 * a worker would cost more. Never give it a batch. Throws when the bytes are no model.
 */
export async function createOnnxEngine(bytes: Uint8Array): Promise<Engine> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const [input] = session.inputNames;
  const [output] = session.outputNames;
  if (input === undefined || output === undefined || session.inputNames.length > 1)
    throw new Error('the model does not have one input and one output');
  return async (row) => {
    // The runtime reads the row in a later turn of the event loop: a row of its own per call, or two calls would mix.
    const results = await session.run({ [input]: new Tensor('float32', row, [1, row.length]) }, [output]);
    const logOdds: unknown = results[output]?.data[0];
    if (typeof logOdds !== 'number') throw new Error(`the model answered ${String(logOdds)}`);
    return logOdds;
  };
}
