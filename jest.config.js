// onnxruntime reports its use to its maker unless told not to before it is loaded; workers inherit this.
process.env.ORT_DISABLE_TELEMETRY = '1';

/** Pure tests need no service and start at once; only wired ones set up a database (test/harness/setup.ts). */
const pure = ['kernel', 'domain', 'tidy'];

const project = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } } }] },
  testEnvironment: './test/harness/environment.ts',
  modulePathIgnorePatterns: ['<rootDir>/\\.tillgate/'],
};

export default {
  maxWorkers: 2,
  // The machine is shared: a slow answer is not a failure. What must be fast is measured by the benches instead.
  testTimeout: 60_000,
  projects: [
    { ...project, displayName: 'pure', testMatch: pure.map((area) => `<rootDir>/test/${area}/**/*.test.ts`) },
    {
      ...project,
      displayName: 'wired',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: pure.map((area) => `<rootDir>/test/${area}/`),
      globalSetup: './test/harness/setup.ts',
      globalTeardown: './test/harness/teardown.ts',
    },
  ],
};
