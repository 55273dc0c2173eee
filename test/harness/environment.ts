import { TestEnvironment } from 'jest-environment-node';

/**
 * Native modules (onnxruntime-node) make and check typed arrays of the outer realm, and jest runs each test file in
 * a realm of its own, where `instanceof Float32Array` would be false for them: both get the same ones here.
 */
export class SharedRealmEnvironment extends TestEnvironment {
  constructor(...args: ConstructorParameters<typeof TestEnvironment>) {
    super(...args);
    Object.assign(this.global, {
      ArrayBuffer,
      SharedArrayBuffer,
      DataView,
      Int8Array,
      Uint8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
      BigInt64Array,
      BigUint64Array,
      Float32Array,
      Float64Array,
    });
  }
}

// Jest asks for a default export.
export { SharedRealmEnvironment as default };
