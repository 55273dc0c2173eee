import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

type Package = {
  readonly version?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly link?: boolean;
};

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'));
const lock = read('package-lock.json') as { readonly packages: Readonly<Record<string, Package>> };
const manifest = read('package.json') as {
  readonly allowScripts: Readonly<Record<string, boolean>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
const nameOf = (path: string): string =>
  path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** What may be shipped: permissive, or (LGPL, MPL) left as it came. Data carries its own, named in docs/DEPENDENCIES.md. */
const licences = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC-BY-3.0',
  'CC-BY-4.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'MPL-2.0',
  'PostgreSQL',
  'Python-2.0',
  'Unlicense',
  'WTFPL',
];

/** Whether one side of every `OR` and both sides of every `AND` are allowed. */
function isAllowed(licence: string): boolean {
  const plain = licence.replace(/^\(|\)$/g, '');
  if (plain.includes(' OR ')) return plain.split(' OR ').some(isAllowed);
  if (plain.includes(' AND ')) return plain.split(' AND ').every(isAllowed);
  return licences.includes(plain);
}

describe('the supply chain', () => {
  test('every package of the lock file is pinned by a strong digest', () => {
    expect(packages.length).toBeGreaterThan(300);
    const loose = packages.filter(
      ([, { integrity, link }]) => link === true || !/^sha512-/.test(integrity ?? ''),
    );
    expect(loose.map(([path]) => path)).toEqual([]);
  });

  test('every package that is asked for is asked for in one version', () => {
    const asked = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(asked.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  });

  test('exactly the packages with install scripts are listed, and only node may run its own', () => {
    const scripted = packages.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    expect(Object.keys(manifest.allowScripts).sort()).toEqual(
      expect.arrayContaining([...new Set(scripted.map(([path]) => nameOf(path)))].sort()),
    );
    const running = Object.entries(manifest.allowScripts).filter(([, allowed]) => allowed);
    expect(running.map(([name]) => name)).toEqual(['node']);
  });

  test('every package that is shipped has a licence that is allowed', () => {
    const shipped = packages.filter(([, { dev }]) => dev !== true);
    const refused = shipped.filter(([, { license }]) => !isAllowed(license ?? 'none'));
    expect(refused.map(([path, { license }]) => `${nameOf(path)} ${license ?? 'none'}`)).toEqual([]);
  });

  test('all packages come from one place, over TLS, and none from a repository', () => {
    const places = new Set(
      packages.flatMap(([, { resolved }]) => (resolved === undefined ? [] : [new URL(resolved).origin])),
    );
    expect(places.size).toBeLessThanOrEqual(1);
    for (const place of places) expect(place).toMatch(/^https:/);
  });
});
