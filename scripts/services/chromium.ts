import { spawnSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';
import { needDebian } from './debian.ts';
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
  const problem = needDebian('chromium', isInstalled);
  if (problem !== undefined) return { absent: problem };
  return chromium.launch({ executablePath, args });
}

function isInstalled(): boolean {
  return spawnSync(executablePath, ['--version']).status === 0;
}
