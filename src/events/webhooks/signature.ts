import { createHmac, hkdfSync } from 'node:crypto';
import type { WebhookEndpointId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';

/** Deriving a secret costs more than signing with it. More endpoints than these are rare, and then some are derived again. */
const rememberedMax = 10_000;

/**
 * The secrets of endpoints are derived from the installation's secret, so none is stored and none can be stolen from the
 * database. Whoever changes TILLGATE_SECRET changes them all.
 */
export function webhookSecrets(installationSecret: string) {
  const remembered = new Map<string, string>();
  return (endpoint: WebhookEndpointId, number: number): string => {
    const info = `webhook endpoint ${endpoint} secret ${number}`;
    const known = remembered.get(info);
    if (known !== undefined) return known;
    // 32 bytes: within the 24 to 64 of Standard Webhooks.
    const secret = `whsec_${Buffer.from(hkdfSync('sha256', installationSecret, '', info, 32)).toString('base64')}`;
    if (remembered.size >= rememberedMax) remembered.clear();
    remembered.set(info, secret);
    return secret;
  };
}

/** The headers of Standard Webhooks 1.0.0, one signature for each secret: the new one first. */
export function signedHeaders(
  id: string,
  at: Instant,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
