import { spawnSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';
import type { Absent } from './service.ts';

/** Where Debian puts it. Playwright's own build is not used: it would be fetched from elsewhere. */
const executablePath = '/usr/bin/chromium';

/** Nothing of it may reach out: no updates, no syncing, no accounts. Playwright gives each start an empty profile. */
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A real Chromium; root installs it when there is none. */
export async function startChromium(): Promise<Browser | Absent> {
  if (!isInstalled()) {
    const problem =
      process.getuid?.() === 0 ? install() : `${executablePath} is missing and this is not root`;
    if (problem !== undefined) return { absent: problem };
  }
  return chromium.launch({ executablePath, args });
}

function isInstalled(): boolean {
  return spawnSync(executablePath, ['--version']).status === 0;
}

/** Installs Debian's package and says what went wrong, if anything did. */
function install(): string | undefined {
  for (const command of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']]) {
    process.stderr.write(`apt-get ${command.join(' ')}\n`);
    const { status, error } = spawnSync('apt-get', ['-q', ...command], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 2, 2],
    });
    if (status !== 0) return `apt-get ${command[0] ?? ''} failed${error ? `: ${error.message}` : ''}`;
  }
  return isInstalled() ? undefined : 'chromium was installed and does not run';
}
