import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { showFigure } from '../harness/figure.ts';
import { type TestService, startTestService } from '../harness/service.ts';
import { paidOrder } from '../http/routes/operations.ts';

/** Copies of one real assessment that differ in id, time and amount: 0.00 EUR to 99.00 EUR, as many of each euro. */
const stored = Number(process.env['BACKTEST_ASSESSMENTS'] ?? 30_000);
const cent = '(n % 100 * 100)';
/** Of JavaScript's heap: Node and five hundred assessments at a time fit into two thirds of it, all at once do not fit. */
const heapMb = 64;

let shop: TestService;
const folder = mkdtempSync(join(tmpdir(), 'tillgate-backtest-'));
beforeAll(async () => {
  shop = await startTestService();
  await paidOrder(shop);
  await shop.query(`insert into assessments (merchant_id, id, event, at, decision, score, checkout_id, record)
    select merchant_id, 'asm_' || lpad(n::text, 26, '0'), event, at - n * interval '1 second', 'allow', score, null,
      jsonb_set(jsonb_set(jsonb_set(record, '{id}', to_jsonb('asm_' || lpad(n::text, 26, '0'))),
        '{findings,order.amount}', to_jsonb(${cent} || ' EUR')), '{shadows}', jsonb_build_array(jsonb_build_object(
        'name', 'tried', 'decision', case when n % 4 = 0 then 'block' else 'allow' end, 'score', null, 'rulesFired', '[]'::jsonb,
        'versions', jsonb_build_object('model', null, 'policy', 'p')))) - 'at' || jsonb_build_object('at', (record ->> 'at')::bigint - n * 1000)
    from assessments, generate_series(1, ${stored}) as n where event = 'checkout'`);
  await shop.query('analyze assessments');
}, 300_000);
afterAll(async () => {
  await shop.close();
  rmSync(folder, { recursive: true });
});

function policy(name: string, limit: string): string {
  const file = join(folder, name);
  const rule = `  - id: dear\n    when: order.amount >= money("${limit}", "EUR")\n    then: block\n    reason: Dear\n`;
  writeFileSync(file, `policy: checkout\nrules:\n${rule}`);
  return file;
}

/** The command's summary, and the most memory it held, as the kernel counted it. */
function run(...args: string[]): { summary: Record<string, unknown>; megabytes: number } {
  const from = ['--policies', shop.env['POLICIES_DIR'] ?? '', '--database', shop.databaseUrl, '--show', '0'];
  const told = `process.on('exit', () => console.error('peak', process.resourceUsage().maxRSS))`;
  const preload = [
    `--max-old-space-size=${heapMb}`,
    '--import',
    `data:text/javascript,${encodeURIComponent(told)}`,
  ];
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...preload, 'src/cli/policy.ts', ...args, ...from],
    { encoding: 'utf8' },
  );
  const peak = Number(/^peak (\d+)$/m.exec(stderr)?.[1]);
  return {
    summary: JSON.parse(stdout.trimEnd().split('\n').at(-1) || '{}') as Record<string, unknown>,
    megabytes: peak / 1024,
  };
}

test('a backtest reads assessments as a stream, and counts every one of them', () => {
  const { summary, megabytes } = run('backtest', '--policy', policy('strict.yaml', '75.00'));
  showFigure(
    `backtest of ${stored} assessments: ${String(summary['seconds'])} s, ${megabytes.toFixed(0)} MB`,
  );
  // The one that was copied is there as well.
  expect(summary).toMatchObject({ assessments: stored + 1, flips: stored / 4 });
}, 300_000);

test('so does a comparison of two policies, which differ where only one of them blocks', () => {
  const { summary, megabytes } = run('diff', policy('strict.yaml', '75.00'), policy('mild.yaml', '90.00'));
  showFigure(`diff over ${stored} assessments: ${String(summary['seconds'])} s, ${megabytes.toFixed(0)} MB`);
  expect(summary).toMatchObject({ assessments: stored + 1, flips: (stored * 15) / 100 });
}, 300_000);

test('what challengers said is counted by the database over all of them', async () => {
  const began = performance.now();
  const counted = await shop.store.assessments.comparisons(shop.merchantId, 0, 2 * stored);
  showFigure(`shadow comparison over ${stored} assessments: ${(performance.now() - began).toFixed(0)} ms`);
  const tried = counted.filter(({ name }) => name === 'tried');
  expect(tried.map(({ shadow, assessments }) => [shadow, assessments])).toEqual([
    ['allow', (stored * 3) / 4],
    ['block', stored / 4],
  ]);
}, 120_000);
