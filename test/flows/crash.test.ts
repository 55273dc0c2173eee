import { expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { crashes } from '../../src/cli/crashes.ts';
import { showFigure } from '../harness/figure.ts';

/** Two starts of the service for each failpoint, on a machine that is busy with other tests. */
const timeoutMs = 300_000;

const failpoints = new Set(crashes.map(({ failpoint }) => failpoint)).size;

/** Runs a command to its end; answers its last line, and what it complained of. */
async function run(script: string, ...args: readonly string[]): Promise<object> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let complaints = '';
  child.stdout.on('data', (text: Buffer) => (said += text.toString()));
  child.stderr.on('data', (text: Buffer) => (complaints += text.toString()));
  await once(child, 'close');
  if (said === '') throw new Error(complaints);
  return { ...(JSON.parse(said.trim().split('\n').at(-1) ?? '{}') as object), complaints };
}

it(
  'a service that is killed anywhere loses nothing, doubles nothing, and answers the retry [F1.1][F1.3][F1.4][F1.7][F3.10]',
  async () => {
    expect(await run('src/cli/crash-matrix.ts', '--quick')).toMatchObject({
      runs: failpoints,
      violations: 0,
      failpoints: failpoints,
      failpoints_hit: failpoints,
    });
  },
  timeoutMs,
);

it(
  'a service and a database that die in turns under load lose nothing and double nothing [F5.1]',
  async () => {
    const line = await run('src/cli/chaos.ts', '--seconds', '10', '--lanes', '2');
    expect(line).toMatchObject({ lost: 0, doubled: 0, open: 0, deaths: { postgresql: expect.any(Number) } });
    showFigure(`chaos: ${JSON.stringify(line)}`);
  },
  timeoutMs,
);
