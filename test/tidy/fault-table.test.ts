import { expect, it } from '@jest/globals';
import { faultTable } from '../../scripts/fault-table.ts';

const families = [
  { name: 'Storms', complete: true, faults: ['rain', 'hail'] },
  { name: 'Quakes', complete: false, faults: ['a small one', 'a big one'] },
];
const ended = (...titles: string[]) => titles.map((title) => ({ title, status: 'passed' }));

it('a run that injects every fault has nothing wrong, and counts the tests that passed', () => {
  const failed = { title: 'in the rain again [F1.1]', status: 'failed' };
  const passed = ended('in the rain [F1.1]', 'in hail, in a suite [F1.2] › and a quake [F2.1]');
  const { lines, wrong } = faultTable(families, [failed, ...passed], true);
  expect(wrong).toEqual([]);
  expect(lines).toMatchObject([
    expect.stringMatching(/^ 1 Storms +2\/2 faults +F1\.1:1 F1\.2:1$/),
    expect.stringMatching(/^ 2 Quakes +1\/2 faults +F2\.1:1 F2\.2:0$/),
  ]);
});

it('a fault of a complete family without a test is named', () => {
  expect(faultTable(families, ended('in the rain [F1.1]'), true).wrong).toEqual([
    'no test of fault F1.2: hail',
  ]);
});

it('a run of some files misses nothing and shows what it injected', () => {
  const { lines, wrong } = faultTable(families, ended('in the rain [F1.1]'), false);
  expect([lines.length, wrong]).toEqual([1, []]);
});

it('a fault that nobody knows is wrong in any run', () => {
  expect(faultTable(families, ended('typed [F99.1]'), false).wrong).toEqual([
    'there is no fault F99.1: typed [F99.1]',
  ]);
});
