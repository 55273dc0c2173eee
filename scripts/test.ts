/**
 * Runs the tests: `node scripts/test.ts [paths or jest options…]`. Shows what the tests counted and which faults they
 * injected, and ends with `N passed, N failed, N skipped`.
 */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { families } from '../test/faults.ts';
import { faultTable } from './fault-table.ts';

const resultSchema = z.object({
  success: z.boolean(),
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  /** Files that failed before their tests were known, which no other figure counts. */
  numRuntimeErrorTestSuites: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(
        z.object({ status: z.string(), ancestorTitles: z.array(z.string()), title: z.string() }),
      ),
    }),
  ),
});
type Result = z.infer<typeof resultSchema>;

const dir = mkdtempSync(join(tmpdir(), 'tillgate-test-'));
// Root's database server runs as another user, who has to pass.
chmodSync(dir, 0o755);
try {
  process.exitCode = await runJest(process.argv.slice(2));
} finally {
  // An interrupted jest leaves its services to their watchdogs, which may still be at it.
  await rm(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

async function runJest(args: readonly string[]): Promise<number> {
  const output = join(dir, 'result.json');
  const figures = join(dir, 'figures');
  const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
  const cache = join(tmpdir(), `tillgate-jest-${process.getuid?.() ?? ''}`);
  // Results are in the file by then; a socket that some test left open must not keep CI waiting for ever.
  const options = ['--forceExit', '--json', `--outputFile=${output}`, `--cacheDirectory=${cache}`, ...args];
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, jest, ...options], {
    // With --json jest's own summary is on stderr, and its stdout repeats the file.
    stdio: ['ignore', 'ignore', 'inherit'],
    // What a test leaves behind goes with the folder.
    env: { ...process.env, TMPDIR: dir, TILLGATE_TEST_FIGURES: figures },
    // A group of its own, so that an interrupt reaches jest's workers wherever it comes from.
    detached: true,
  });
  const received: NodeJS.Signals[] = [];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      received.push(signal);
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    });
  }
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject).once('exit', (exit) => resolve(exit ?? 1));
  });
  if (!existsSync(output)) {
    console.error(received[0] ?? 'jest ended before it had a result');
    return code || 1;
  }
  if (existsSync(figures)) console.log(readFileSync(figures, 'utf8'));
  return report(resultSchema.parse(JSON.parse(readFileSync(output, 'utf8'))), args.length === 0)
    ? code
    : code || 1;
}

/** Answers whether the faults are as they should be. */
function report(result: Result, isWhole: boolean): boolean {
  for (const { name, assertionResults } of result.testResults) {
    const suites = Map.groupBy(assertionResults, ({ ancestorTitles }) => ancestorTitles.join(' › '));
    for (const [suite, tests] of suites) {
      const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
      const isWholeSuite = skipped.length === tests.length;
      const names = isWholeSuite ? new Set([suite]) : skipped.map(({ title }) => `${suite} › ${title}`);
      for (const skippedName of names) console.log(`skipped: ${relative('.', name)} › ${skippedName}`);
    }
  }
  const ended = result.testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status }) => ({
      title: [...ancestorTitles, title].join(' › '),
      status,
    })),
  );
  const { lines, wrong } = faultTable(families, ended, isWhole);
  if (lines.length > 0)
    console.log(['faults injected, and the tests that passed under them:', ...lines].join('\n'));
  for (const each of wrong) console.log(each);
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  console.log(
    `${result.numPassedTests} passed, ${failed} failed, ${result.numPendingTests + result.numTodoTests} skipped`,
  );
  return wrong.length === 0;
}
