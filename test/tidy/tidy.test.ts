/** The rules of docs/STYLE.md that no linter knows. Each test collects the offenders, so that a failure names them all. */
import { expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import ts from 'typescript';

const root = new URL('../../', import.meta.url).pathname;
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

function filesIn(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
}

const code = ['src', 'test', 'scripts'].flatMap(filesIn).filter((path) => path.endsWith('.ts'));
const source = code.filter((path) => path.startsWith('src/'));
const prose = [...filesIn('docs').filter((path) => path.endsWith('.md')), 'README.md', 'CHANGELOG.md'].filter(
  (path) => existsSync(join(root, path)),
);
const thisFile = 'test/tidy/tidy.test.ts';

/** `path:line` of every match. */
function matches(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) => {
    const text = read(path);
    return [...text.matchAll(pattern)].map(
      ({ index }) => `${path}:${text.slice(0, index).split('\n').length}`,
    );
  });
}

it('a file has at most 400 lines', () => {
  expect(code.filter((path) => read(path).split('\n').length > 401)).toEqual([]);
});

it('nothing is called helper, util, manager or common', () => {
  const forbidden = /(^|[/.-])(helpers?|utils?|managers?|common)([/.-]|$)/;
  expect([...code, ...filesIn('migrations'), ...prose].filter((path) => forbidden.test(path))).toEqual([]);
});

it('nothing is left to do in a comment', () => {
  const others = code.filter((path) => path !== thisFile);
  expect(matches([...others, ...prose], /\b(TODO|FIXME|XXX|HACK)\b/g)).toEqual([]);
});

it('no path of somebody’s machine is written down', () => {
  const texts = [...code, ...prose, ...filesIn('deploy'), ...filesIn('.ci'), ...filesIn('migrations')];
  expect(matches(texts, /(?<![\w.-])\/(work|root|home|Users)\/\w/g)).toEqual([]);
});

it('a flow and a route first export what the file is named after', () => {
  const named = source.filter((path) => /^src\/(flows|http\/routes)\//.test(path));
  const offenders = named.filter((path) => {
    const name = basename(path, '.ts').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const [, kind, first] = /^export (?:async )?(function|const|type) (\w+)/m.exec(read(path)) ?? [];
    // A verb may say first what it is asked; a noun (deps.ts, answer.ts) is the type it is named after.
    const asked = kind === 'type' && first?.toLowerCase() !== name.toLowerCase();
    const exported = asked ? /^export (?:async )?(?:function|const) (\w+)/m.exec(read(path))?.[1] : first;
    return exported?.toLowerCase() !== name.toLowerCase();
  });
  expect(offenders).toEqual([]);
});

it('a switch says what happens to everything else: in the core and the flows, that nothing else is left', () => {
  expect(source.flatMap(openSwitches)).toEqual([]);
});

function openSwitches(path: string): string[] {
  const file = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true);
  const strict = /^src\/(domain|kernel|flows)\//.test(path);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isSwitchStatement(node)) {
      const last = node.caseBlock.clauses.find(ts.isDefaultClause) ?? following(node);
      const isClosed = last?.getText().includes('unreachable(') ?? false;
      const isDefault = last !== undefined && ts.isDefaultClause(last);
      if (!isClosed && (strict || !isDefault)) {
        found.push(`${path}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function following(node: ts.Statement): ts.Statement | undefined {
  if (!ts.isBlock(node.parent)) return undefined;
  return node.parent.statements[node.parent.statements.indexOf(node) + 1];
}

it('SQL is written in the store only', () => {
  const elsewhere = source.filter((path) => !path.startsWith('src/store/'));
  const statement =
    /[`'"]\s*(select\s[^`]+?\sfrom\s|insert\s+into\s|delete\s+from\s|update\s+\w+\s+set\s|with\s+\w+\s+as\s*\()/gi;
  expect(matches(elsewhere, statement)).toEqual([]);
});

it('a test is named by a sentence in the present tense', () => {
  const tests = code.filter((path) => path.endsWith('.test.ts') && path !== thisFile);
  // A sentence starts small, but for a name or an acronym: `POST`, `PostgreSQL`, `3DS`.
  const unfit = /^(?!Stripe|Adyen|Redis|Postgre|Kafka|Visa|Mastercard)[A-Z][a-z]|\b(should|will)\b/;
  const offences = tests.flatMap((path) =>
    [...read(path).matchAll(/\b(?:it|test)(?:\.each\([^;]*?\))?\(\s*(['"`])(.+?)\1,/g)]
      .map(([, , name = '']) => name)
      .filter((name) => unfit.test(name))
      .map((name) => `${path}: ${name}`),
  );
  expect(offences).toEqual([]);
});

it('every dependency has its reason in docs/DEPENDENCIES.md', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
  const reasons = read('docs/DEPENDENCIES.md');
  expect(Object.keys(dependencies).filter((name) => !reasons.includes(`\`${name}\``))).toEqual([]);
});

it('every npm script is told of in docs/COMMANDS.md, and no other', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const told = [...read('docs/COMMANDS.md').matchAll(/^\| `npm (?:run )?([\w:-]+)/gm)].map(
    ([, name]) => name,
  );
  expect([...new Set(told)].sort()).toEqual(Object.keys(scripts).sort());
});

it('a link in the documentation leads to a file', () => {
  const broken = prose.flatMap((path) =>
    [...read(path).matchAll(/\]\((?!\w+:|#)([^)#\s]+)/g)]
      .map(([, target]) => target ?? '')
      .filter((target) => !existsSync(join(root, dirname(path), target)))
      .map((target) => `${path}: ${target}`),
  );
  expect(broken).toEqual([]);
});
