import { spawnSync } from 'node:child_process';

/** Installs a package of Debian's, as root, where `isInstalled` says that it is missing. Answers what went wrong, if anything. */
export function needDebian(name: string, isInstalled: () => boolean): string | undefined {
  if (isInstalled()) return undefined;
  if (process.getuid?.() !== 0) return `${name} is missing and this is not root`;
  for (const command of [['update'], ['install', '-y', '--no-install-recommends', name]]) {
    process.stderr.write(`apt-get ${command.join(' ')}\n`);
    const { status, error } = spawnSync('apt-get', ['-q', ...command], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      // Its progress belongs on stderr: stdout ends with our figures.
      stdio: ['ignore', 2, 2],
    });
    if (status !== 0) return `apt-get ${command[0] ?? ''} failed${error ? `: ${error.message}` : ''}`;
  }
  return isInstalled() ? undefined : `${name} was installed and does not run`;
}
