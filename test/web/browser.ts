import { describe } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startChromium } from '../../scripts/services/chromium.ts';

/** A suite in a real Chromium. Without one it is skipped, by name and with the reason. */
export async function describeInBrowser(name: string, suite: (browser: Browser) => void): Promise<void> {
  const started = await startChromium();
  if ('absent' in started) describe.skip(`${name} (no Chromium: ${started.absent})`, () => undefined);
  else describe(name, () => suite(started));
}

/** What the buyer's browser calls itself: Chromium without a window says that it is a program, and policies mind. */
const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';

export type Visitor = {
  readonly page: Page;
  /** What the pages did wrong: scripts that threw, and what their policy had to stop. */
  readonly complaints: readonly string[];
  /** `POST /v1/checkouts/chk_…/confirm`, for every call to the service. */
  readonly calls: readonly string[];
};

/** Somebody who has never been here: no storage of an earlier visitor. */
export async function newVisitor(browser: Browser, origin: string): Promise<Visitor> {
  const context = await browser.newContext({ userAgent, locale: 'en-GB', baseURL: origin });
  const page = await context.newPage();
  const complaints: string[] = [];
  const calls: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (/content security policy|integrity/i.test(message.text())) complaints.push(message.text());
  });
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    calls.push(`${request.method()} ${pathname}`);
  });
  return { page, complaints, calls };
}
