import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestService, startTestService } from '../harness/service.ts';

let shop: TestService;
const folder = mkdtempSync(join(tmpdir(), 'tillgate-import-'));
const file = join(folder, 'entries.csv');
beforeAll(async () => {
  shop = await startTestService();
});
afterAll(async () => {
  await shop.close();
  rmSync(folder, { recursive: true });
});

type Imported = { readonly status: number; readonly lines: readonly string[]; readonly summary: unknown };

/** The service runs in this process, so that the command must not be waited for in one go. */
function importInto(list: string, lines: readonly string[], key = shop.keys.secretKey): Promise<Imported> {
  writeFileSync(file, `${lines.join('\n')}\n`);
  const args = ['src/cli/policy.ts', 'import-list', list, file, '--api', shop.api, '--key', key];
  return new Promise((resolve) => {
    execFile(process.execPath, [...args, '--reason', 'moved from elsewhere'], (error, stdout) => {
      const told = stdout.trimEnd().split('\n');
      const summary: unknown = JSON.parse(told.at(-1) ?? '');
      resolve({ status: Number(error?.code ?? 0), lines: told.slice(0, -1), summary });
    });
  });
}

const find = (list: string, value: string) =>
  shop.call('POST', `/v1/lists/${list}/entries/find`, { body: { value } });

test('a file of values is put on a list, and counts in the next assessment', async () => {
  const emails = Array.from({ length: 300 }, (_, n) => `buyer${n}@import.example`);
  const done = await importInto('blocked-emails', ['value', ...emails]);
  expect(done).toEqual({
    status: 0,
    lines: [],
    summary: { list: 'blocked-emails', lines: 300, added: 300, refused: 0 },
  });
  for (const email of [emails[0], emails[299]]) {
    expect((await find('blocked-emails', email ?? '')).body).toMatchObject({
      status: 'active',
      reason: 'moved from elsewhere',
      expires_at: null,
    });
    const signals = { customer: { email } };
    const made = await shop.call('POST', '/v1/assessments', { body: { event: 'add_card', signals } });
    expect(made.body['decision']).toBe('block');
  }
});

test('each line may have an expiry and a reason; what is refused is told with its line, and the rest is added', async () => {
  const done = await importInto('blocked-networks', [
    'value,expires_at,reason',
    '203.0.113.7,2099-12-31T23:59:59Z,"bots, many"',
    'not an address,,',
    '203.0.113.99,2001-01-01T00:00:00Z,',
    '198.51.100.1,soon,',
    '198.51.100.1,,',
  ]);
  expect(done).toMatchObject({ status: 1, summary: { lines: 5, added: 2, refused: 3 } });
  expect(done.lines.toSorted()).toEqual([
    expect.stringMatching(/entries\.csv:3: This is no ip\.network\.$/),
    expect.stringMatching(/entries\.csv:4: It would have expired already\.$/),
    expect.stringMatching(/entries\.csv:5: ./),
  ]);
  expect((await find('blocked-networks', '203.0.113.200')).body).toMatchObject({
    reason: 'bots, many',
    expires_at: '2099-12-31T23:59:59.000Z',
  });
  expect((await find('blocked-networks', '198.51.100.1')).body).toMatchObject({ expires_at: null });
});

test('a list that is not declared, and a key that may not, are told', async () => {
  expect(await importInto('no-such-list', ['value', 'a@b.example'])).toMatchObject({
    status: 1,
    lines: [expect.stringMatching(/:2: There is no such list\.$/)],
  });
  const { status, lines } = await importInto('blocked-emails', ['value', 'a@b.example'], 'sk_wrong');
  expect({ status, lines: lines.length }).toEqual({ status: 1, lines: 1 });
});
