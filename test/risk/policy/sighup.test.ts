import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChildService, startChildService } from '../../../src/cli/child-service.ts';
import { freePort } from '../../../src/embedded/port.ts';
import { type FreshDatabase, freshDatabase } from '../../harness/database.ts';
import { eventually } from '../../harness/service.ts';

/** What decides is switched as deployments do it: a link leads to another folder, which no watcher notices. */
const folder = mkdtempSync(join(tmpdir(), 'tillgate-sighup-'));
const current = join(folder, 'current');
let database: FreshDatabase;
let service: ChildService;

/** The shipped policies and models, with a rule that blocks from this amount on. */
function release(
  name: string,
  blockedFrom: string,
  spoil: (path: (file: string) => string) => void = () => undefined,
): void {
  const path = (file: string): string => join(folder, name, file);
  for (const each of ['policies', 'models']) cpSync(each, path(each), { recursive: true });
  const file = path('policies/checkout.yaml');
  const rule = `rules:\n  - id: too-much\n    when: order.amount >= money("${blockedFrom}", "EUR")\n    then: block\n    reason: Nobody buys that much\n`;
  writeFileSync(file, readFileSync(file, 'utf8').replace('rules:\n', rule));
  spoil(path);
  symlinkSync(name, join(folder, 'next'));
  renameSync(join(folder, 'next'), current);
}

beforeAll(async () => {
  database = await freshDatabase();
  release('first', '9000.00');
  service = await startChildService(join(folder, 'data'), {
    PORT: String(await freePort()),
    ADMIN_PORT: '0',
    DATABASE_URL: database.url,
    POLICIES_DIR: join(current, 'policies'),
    MODELS_DIR: join(current, 'models'),
    LOG_LEVEL: 'silent',
  });
}, 60_000);
afterAll(async () => {
  await service.stop();
  await database.drop();
  rmSync(folder, { recursive: true });
});

async function decide(): Promise<string> {
  const response = await fetch(`${service.api}/v1/assessments`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${service.secretKey ?? ''}`,
      'content-type': 'application/json',
      'idempotency-key': Math.random().toString(36).slice(2),
    },
    body: JSON.stringify({ event: 'checkout', signals: { amount: 800_000, currency: 'EUR' } }),
  });
  const { decision } = (await response.json()) as { decision?: string };
  if (decision === undefined) return `status ${response.status}`;
  return decision === 'block' ? 'block' : 'no block';
}

const isRefused = async (): Promise<string | undefined> =>
  /^tillgate_policy_refused (\d)$/m.exec(await (await fetch(`${service.admin}/metrics`)).text())?.[1];

/** Buyers come all the time, and each gets a decision. */
async function traffic(until: () => boolean): Promise<ReadonlySet<string>> {
  const decisions = new Set<string>();
  while (!until()) {
    decisions.add(await decide());
    await sleep(10);
  }
  return decisions;
}

/** Sends the signal and waits until its outcome is to be seen; answers what was decided meanwhile. */
async function reload(outcome: '0' | '1'): Promise<ReadonlySet<string>> {
  let seen = false;
  const lanes = Array.from({ length: 4 }, () => traffic(() => seen));
  process.kill(service.pid, 'SIGHUP');
  await eventually(async () => (await isRefused()) === outcome);
  seen = true;
  return new Set((await Promise.all(lanes)).flatMap((some) => [...some]));
}

const spoilt: readonly (readonly [string, string, (text: string) => string])[] = [
  [
    'a policy with a syntax error [F13.5]',
    'policies/checkout.yaml',
    (text) => text.replace('rules:\n', 'rules\n'),
  ],
  [
    'a condition that costs too much [F13.6]',
    'policies/checkout.yaml',
    (text) => text.replace('order.amount', `${'!'.repeat(400)}order.amount`),
  ],
  ['a corrupt model [F13.1]', 'models/checkout-1/model.onnx', () => 'not a model'],
  [
    'a model of another shape [F13.2]',
    'models/checkout-1/features.json',
    (text) => text.replace('"name": "', '"name": "other_'),
  ],
];

test.each(spoilt)(
  '%s is refused at SIGHUP during traffic, and the last good ones decide on [F13.7]',
  async (name, file, spoil) => {
    release(name.replace(/ \[.*/, ''), '5000.00', (path) =>
      writeFileSync(path(file), spoil(readFileSync(path(file), 'utf8'))),
    );
    expect([...(await reload('1'))]).toEqual(['no block']);
    release(`${name} mended`, '9000.00');
    expect([...(await reload('0'))]).toEqual(['no block']);
  },
);

test('a good policy is in force after SIGHUP, without a call that failed [F13.7]', async () => {
  release('second', '5000.00');
  process.kill(service.pid, 'SIGHUP');
  const decisions: string[] = [];
  while (decisions.at(-1) !== 'block') decisions.push(await decide());
  expect(decisions.slice(0, -1).filter((each) => each !== 'no block')).toEqual([]);
  expect(await isRefused()).toBe('0');
});
