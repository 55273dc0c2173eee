/** Where the setup leaves how to stop what it started: jest loads the two files apart, in the same process. */
export const runningKey = Symbol.for('tillgate.test.running');

export async function tearDown(): Promise<void> {
  const stop = Reflect.get(globalThis, runningKey) as (() => Promise<void>) | undefined;
  await stop?.();
}

// Jest asks for a default export.
export { tearDown as default };
