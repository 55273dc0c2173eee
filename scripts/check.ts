/** What must hold of the text of this project: `npm run check`; `-- --write` rewrites what is generated. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { catalogueFiles } from '../src/events/catalogue-files.ts';
import { type Released, breaksOf, currentSchemas } from '../src/events/released.ts';
import { openApiDocument } from '../src/http/openapi.ts';
import { renderProblems } from '../src/http/problem.ts';
import { routes } from '../src/http/routes.ts';
import { dumpSchema } from './snapshots/schema.ts';
import { renderStates } from './snapshots/states.ts';

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });

/** Answers what is wrong, in the words of whoever found it; nothing when all is well. */
type Step = () => Promise<string>;

const root = new URL('../', import.meta.url);

const steps: Readonly<Record<string, Step>> = {
  'types (tsc)': tool('tsc', '-p', '.', '--noEmit', '--pretty', 'false'),
  'lint (eslint)': tool('eslint', '.'),
  'format (prettier)': tool('prettier', '--check', '--log-level', 'warn', '.'),
  'layers (dependency-cruiser)': tool('depcruise', 'src', '--config', '.dependency-cruiser.cjs'),
  'dead code (knip)': tool('knip', '--no-progress'),
  ...generated('openapi.json', () => {
    const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
      version: string;
    };
    return `${JSON.stringify(openApiDocument(routes, version), null, 2)}\n`;
  }),
  ...generated('docs/problems.md', () => renderProblems()),
  ...generated('docs/states.md', () => renderStates()),
  ...generated('migrations/schema.sql', dumpSchema),
  ...Object.fromEntries(
    Object.entries(catalogueFiles()).flatMap(([name, text]) =>
      Object.entries(generated(`docs/events/${name}`, () => text)),
    ),
  ),
  'events break no reader': () => {
    const released = readFileSync(new URL('docs/events/released.json', root), 'utf8');
    return Promise.resolve(breaksOf(JSON.parse(released) as Released, currentSchemas()).join('\n'));
  },
};

/** Two at a time: the tools are single-threaded, and the smallest machine has two cores. */
const waiting = Object.entries(steps);
await Promise.all([work(), work()]);

async function work(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [name, step] = next;
    const wrong = await step().catch((error: unknown) => String(error));
    if (wrong === '') continue;
    process.exitCode = 1;
    console.error(`\n== ${name}\n${wrong}`);
  }
}

/** A command of ours from node_modules: silent when it exits with 0. */
function tool(name: string, ...args: readonly string[]): Step {
  return () =>
    new Promise((resolve, reject) => {
      const child = spawn(name, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      child.stdout.on('data', (text: Buffer) => (said += text.toString()));
      child.stderr.on('data', (text: Buffer) => (said += text.toString()));
      child.once('error', reject);
      child.once('close', (code) => resolve(code === 0 ? '' : said.trim() || `exits with ${String(code)}`));
    });
}

/** A file that is made from the code and kept, so that a reviewer sees in it what a change does. */
function generated(path: string, make: () => string | Promise<string>): Record<string, Step> {
  return {
    [`${path} is up to date`]: async () => {
      const file = new URL(path, root);
      const wanted = await make();
      if (values.write) writeFileSync(file, wanted);
      const found = readFileSync(file, { encoding: 'utf8', flag: 'a+' });
      return found === wanted ? '' : `${path} is stale: npm run check -- --write, and look at what changed`;
    },
  };
}
