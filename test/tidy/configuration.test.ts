import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Names of the tables' first columns. */
const told = [...read('docs/CONFIGURATION.md').matchAll(/^\| (`[A-Z].*?) \|/gm)].flatMap(([, cell = '']) =>
  [...cell.matchAll(/`([A-Z_]+)`( †)?/g)].map(([, name = '', dagger]) => ({
    name,
    ofFile: dagger !== undefined,
  })),
);

/** Declared as `NAME: schema` where the environment is read. */
const declared = ['src/config.ts', 'src/events/settings.ts'].flatMap((path) =>
  [...read(path).matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name = '']) => name),
);

test('the page of variables has those that are read, and no others', () => {
  expect(declared.length).toBeGreaterThan(40);
  expect(told.map(({ name }) => name).sort()).toEqual([...new Set(declared), 'NODE_ENV'].sort());
});

test('it marks those that may come from a file', () => {
  const [, list = ''] = /new Set\(\s*\[([^\]]*)\]/.exec(read('src/production.ts')) ?? [];
  const ofFiles = [...list.matchAll(/'([A-Z_]+)'/g)].map(([, name = '']) => name);
  expect(
    told
      .filter(({ ofFile }) => ofFile)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(ofFiles.sort());
});
