import { expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { crashes } from '../../src/cli/crashes.ts';

/** Two starts of the service for each failpoint, on a machine that is busy with other tests. */
const timeoutMs = 300_000;

const failpoints = new Set(crashes.map(({ failpoint }) => failpoint)).size;

it(
  'a service that is killed anywhere loses nothing, doubles nothing, and answers the retry',
  async () => {
    const child = spawn(process.execPath, ['src/cli/crash-matrix.ts', '--quick'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let complaints = '';
    child.stdout.on('data', (text: Buffer) => (said += text.toString()));
    child.stderr.on('data', (text: Buffer) => (complaints += text.toString()));
    await once(child, 'close');
    const last = said.trim().split('\n').at(-1) ?? '{}';
    expect({ ...(JSON.parse(last) as object), complaints }).toMatchObject({
      runs: failpoints,
      violations: 0,
      failpoints: failpoints,
      failpoints_hit: failpoints,
    });
  },
  timeoutMs,
);
