import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type ChildService, startChildService } from '../src/cli/child-service.ts';
import { freePort } from '../src/embedded/port.ts';

/**
 * Executes what the documentation tells people to paste, against what `npm start` starts: every `sh` block between
 * `<!-- test -->` and `<!-- /test -->` of a page, in one shell. Only the port and the data directory are this test's own.
 */
async function paste(path: string): Promise<string[]> {
  const marked = [...readFileSync(path, 'utf8').matchAll(/<!-- test -->([\s\S]*?)<!-- \/test -->/g)];
  const script = marked
    .flatMap(([, text = '']) => [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block))
    .join('\n');
  const own = script.replaceAll('http://127.0.0.1:8080', service.api).replaceAll('.tillgate/', `${dir}/`);
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', own], {
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` },
  });
  return stdout.trim().split('\n');
}

let dir: string;
let service: ChildService;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tillgate-readme-'));
  // Root's database server runs as another user, who has to pass.
  chmodSync(dir, 0o755);
  service = await startChildService(dir, {
    PORT: String(await freePort()),
    ADMIN_PORT: '0',
    EVENTS_WEBHOOKS_TO_LOOPBACK: 'true',
    DATABASE_URL: undefined,
    STRIPE_SECRET_KEY: undefined,
  });
}, 60_000);
afterAll(async () => {
  await service.stop();
  rmSync(dir, { recursive: true, force: true });
});

it('the first request of the README pays an order', async () => {
  expect(JSON.parse((await paste('README.md')).at(-1) ?? '')).toMatchObject({
    status: 'completed',
    order: { status: 'captured' },
    payment: { captured: 1299 },
    assessment: { decision: 'allow' },
    events: [expect.objectContaining({ type: 'order.captured' })],
  });
});

it('a storefront that follows docs/INTEGRATION.md is paid, told and refunds', async () => {
  expect(await paste('docs/INTEGRATION.md')).toEqual([
    'requires_action',
    expect.stringMatching(/^https:\/\/shop\.example\.com\/thanks\?checkout=chk_/),
    'completed',
    expect.stringMatching(/^whsec_/),
    '4000',
    '300',
    'allow',
  ]);
});
