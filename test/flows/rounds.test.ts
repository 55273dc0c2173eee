import { expect, it } from '@jest/globals';
import type { Deps } from '../../src/flows/deps.ts';
import { eachRow } from '../../src/workers/rounds.ts';

it('a row that did not come further does not make its worker look again at once', async () => {
  const failed: string[] = [];
  const each = eachRow(
    () => ({}) as Deps,
    (worker) => failed.push(worker),
  );
  const further = await each('capture-due', [1, 2, 3], async (_, row) => {
    if (row === 1) throw new Error('a fault');
    return Promise.resolve(row === 3);
  });
  expect(further).toBe(1);
  expect(failed).toEqual(['capture-due']);
});
