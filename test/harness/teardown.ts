/** Where the setup leaves how to stop what it started: jest loads the two files apart, in the same process. */
export const runningKey = Symbol.for('tillgate.test.running');

export async function tearDown(): Promise<void> {
  const stop: unknown = Reflect.get(globalThis, runningKey);
  if (typeof stop === 'function') await stop();
}

// Jest asks for a default export.
export { tearDown as default };
