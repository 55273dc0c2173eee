/** Scores one row and gives its log-odds. */
export type Engine = (row: Float32Array) => Promise<number>;

/** An engine for the bytes of an ONNX file; null where the runtime cannot be loaded. Throws when the bytes are no model. */
export type OpenEngine = (bytes: Uint8Array) => Promise<Engine | null>;

/**
 * The runtime with one thread and one row, on the event loop, because a row takes microseconds and a hop to a worker would
 * cost more. Never give it a batch.
 */
export const openOnnxEngine: OpenEngine = async (bytes) => {
  // The runtime would tell its makers of its use; it asks the environment as it is loaded.
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  // Its native library may not be there for this platform; a service that can still score by the trees should start.
  const runtime = await import('onnxruntime-node').catch(() => null);
  if (runtime === null) return null;
  const session = await runtime.InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  const [input] = session.inputNames;
  const [output] = session.outputNames;
  if (input === undefined || output === undefined || session.inputNames.length > 1)
    throw new Error('the model does not have one input and one output');
  return async (row) => {
    // The runtime reads the row in a later turn of the event loop: a row of its own per call, or two calls would mix.
    const tensor = new runtime.Tensor('float32', row, [1, row.length]);
    const results = await session.run({ [input]: tensor }, [output]);
    const logOdds: unknown = results[output]?.data[0];
    if (typeof logOdds !== 'number') throw new Error(`the model answered ${String(logOdds)}`);
    return logOdds;
  };
};
