import { expect, it } from '@jest/globals';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** The smallest model there is: y = sigmoid(x), both of shape [1, 2], in ONNX 1.13's protobuf. */
const sigmoid =
  'CAg6PgoPCgF4EgF5IgdTaWdtb2lkEgFnWhMKAXgSDgoMCAESCAoCCAEKAggCYhMKAXkSDgoMCAESCAoCCAEKAggCQgQKABAN';

it('a native module and a test share their typed arrays', async () => {
  const session = await InferenceSession.create(Buffer.from(sigmoid, 'base64'));
  const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(0, 100), [1, 2]) });
  expect(y?.data).toEqual(Float32Array.of(0.5, 1));
});
