import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { existsSync, readFileSync } from 'node:fs';
import { type TestService, startTestService } from './harness/service.ts';

/**
 * Executes what the README tells people to paste. A block is marked by `<!-- test -->` on the line before it; it runs with
 * API, ADMIN, SECRET_KEY and PUBLISHABLE_KEY set, and stops at the first command that fails. A line `# => text` says what
 * the output up to there must contain. All blocks share one shell, so a variable of one is known in the next.
 */
const readme = existsSync('README.md') ? readFileSync('README.md', 'utf8') : '';
const blocks = [...readme.matchAll(/<!-- test -->\s*\n```sh\n([\s\S]*?)```/g)].map(([, text = '']) => text);

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService({ webhooks: true, env: { POLICIES_DIR: 'policies' } });
});
afterAll(() => shop.close());

it('what the README shows, works as it is pasted', async () => {
  const expected = blocks.flatMap((block) =>
    [...block.matchAll(/^# => (.+)$/gm)].map(([, text = '']) => text.trim()),
  );
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', blocks.join('\n')], {
    env: {
      ...process.env,
      API: shop.api,
      ADMIN: shop.admin(),
      SECRET_KEY: shop.keys.secretKey,
      PUBLISHABLE_KEY: shop.keys.publishableKey,
    },
  });
  for (const text of expected) expect(stdout).toContain(text);
});
