import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Unpacks the code as it was before the newest migration, with the packages of today. Answers its `start.ts`; null where
 * there is no history to take it from.
 */
export function previousVersion(dir: string): string | null {
  const root = process.cwd();
  const last = spawnSync('git', ['log', '-1', '--format=%H', '--', 'migrations/[0-9]*'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (last.status !== 0) return null;
  const commit = last.stdout.trim();
  if (commit === '') return null;
  mkdirSync(dir);
  const tar = join(dir, 'version.tar');
  if (spawnSync('git', ['archive', '-o', tar, `${commit}^`], { cwd: root }).status !== 0) return null;
  if (spawnSync('tar', ['-xf', tar, '-C', dir]).status !== 0) return null;
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  return join(dir, 'src/cli/start.ts');
}
