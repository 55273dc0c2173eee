import { expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { batched } from '../../src/store/batch.ts';

test('who has waited for long behind a batch that fails fails with it, and who has just come goes on', async () => {
  const under: { readonly asks: readonly string[]; readonly end: (fault?: Error) => void }[] = [];
  const ask = batched<string, string>(
    16,
    (asks) =>
      new Promise((resolve, reject) => {
        under.push({ asks, end: (fault) => (fault ? reject(fault) : resolve(asks)) });
      }),
  );
  const ends = (...names: string[]) => Promise.allSettled(names.map((name) => ask('', name)));
  const long = ends('first', 'second', 'third', 'fourth');
  await sleep(1_050);
  const late = ends('fifth');
  under[0]?.end(new Error('frozen'));
  under[1]?.end();
  const [first, second, ...behind] = (await long).map(({ status }) => status);
  expect([first, second, behind]).toEqual(['rejected', 'fulfilled', ['rejected', 'rejected']]);
  expect(under.map(({ asks }) => asks)).toEqual([['first'], ['second'], ['fifth']]);
  under[2]?.end();
  expect(await late).toMatchObject([{ value: 'fifth' }]);
});
