import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { adyenSandboxAccount, adyenSandboxWebhooks } from '../sandbox/adyen/adyen.ts';
import { subscribedEvents } from '../psp/stripe/subscribed-events.ts';

/** The stand-in PSPs, running in a process of their own. No money moves there. */
export type StandInPsps = {
  readonly stripeUrl: string;
  readonly adyenUrl: string;
  readonly stop: () => Promise<void>;
};

/** Any key that looks like a test key is an account of its own at the stand-in. */
export const standInStripeKey = 'sk_test_tillgate_standin';

/** The one account that the stand-in Adyen has. */
export const standInAdyen = {
  apiKey: adyenSandboxAccount.apiKey,
  account: adyenSandboxAccount.merchantAccounts[0] ?? '',
  hmacKey: adyenSandboxWebhooks.hmacKey,
};

/** Starts them and waits until they listen. They end with this process, because their standard input does. */
export async function startStandInPsps(dataDir: string | null): Promise<StandInPsps> {
  const main = fileURLToPath(new URL('../sandbox/main.ts', import.meta.url));
  const data = dataDir === null ? [] : ['--data', dataDir];
  // In a session of its own, so that Ctrl-C reaches it only through us, when the service no longer needs it.
  const child = spawn(process.execPath, [main, ...data], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = new Promise<{ stripe: string; adyen: string }>((resolve, reject) => {
    child.once('exit', (code) =>
      reject(new Error(`the stand-in PSPs ended with ${String(code)} before they were ready`)),
    );
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line) as never));
  });
  const { stripe, adyen } = await ready;
  return {
    stripeUrl: stripe,
    adyenUrl: adyen,
    stop: async () => {
      child.stdin.end();
      await Promise.race([exited, sleep(3_000)]);
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Tells the stand-in Stripe where our webhooks go. Answers the secret it will sign with. */
export async function registerStripeWebhook(
  stripeUrl: string,
  secretKey: string,
  url: string,
): Promise<string> {
  const endpoints = `${stripeUrl}/v1/webhook_endpoints`;
  const headers = {
    authorization: `Bearer ${secretKey}`,
    'content-type': 'application/x-www-form-urlencoded',
  };
  const listed = (await (await fetch(endpoints, { headers })).json()) as { data?: { id: string }[] };
  for (const { id } of listed.data ?? []) await fetch(`${endpoints}/${id}`, { method: 'DELETE', headers });
  const body = new URLSearchParams({ url });
  for (const event of subscribedEvents) body.append('enabled_events[]', event);
  const response = await fetch(endpoints, { method: 'POST', headers, body });
  const { secret } = (await response.json()) as { secret?: string };
  if (secret === undefined) throw new Error('the stand-in Stripe did not take the webhook endpoint');
  return secret;
}

/** Tells the stand-in Adyen where our webhooks go; it signs them with the key that it always has. */
export async function registerAdyenWebhook(adyenUrl: string, url: string): Promise<void> {
  const response = await fetch(`${adyenUrl}/_sandbox/webhooks`, {
    method: 'POST',
    body: JSON.stringify({ url }),
  });
  if (!response.ok) throw new Error('the stand-in Adyen did not take the webhook address');
}
