import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** Debian starts a package's service as it installs it, unless this file's script forbids it. */
const servicePolicy = '/usr/sbin/policy-rc.d';

/** Installs a package of Debian's, as root, where `isInstalled` says that it is missing. Answers what went wrong, if anything. */
export function needDebian(name: string, isInstalled: () => boolean): string | undefined {
  if (isInstalled()) return undefined;
  if (process.getuid?.() !== 0) return `${name} is missing and this is not root`;
  const forbids = !existsSync(servicePolicy);
  if (forbids) writeFileSync(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    for (const command of [['update'], ['install', '-y', '--no-install-recommends', name]]) {
      process.stderr.write(`apt-get ${command.join(' ')}\n`);
      const { status, error } = spawnSync('apt-get', ['-q', ...command], {
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
        // Its progress belongs on stderr: stdout ends with our figures.
        stdio: ['ignore', 2, 2],
      });
      if (status !== 0) return `apt-get ${command[0] ?? ''} failed${error ? `: ${error.message}` : ''}`;
    }
  } finally {
    if (forbids) rmSync(servicePolicy);
  }
  return isInstalled() ? undefined : `${name} was installed and does not run`;
}
