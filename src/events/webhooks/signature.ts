import { createHmac, hkdfSync } from 'node:crypto';
import type { WebhookEndpointId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';

/**
 * The secrets of endpoints are derived from the installation's secret, so none is stored and none can be stolen from the
 * database. Whoever changes TILLGATE_SECRET changes them all.
 */
export function webhookSecrets(installationSecret: string) {
  return (endpoint: WebhookEndpointId, number: number): string => {
    // 32 bytes: within the 24 to 64 of Standard Webhooks.
    const key = hkdfSync(
      'sha256',
      installationSecret,
      '',
      `webhook endpoint ${endpoint} secret ${number}`,
      32,
    );
    return `whsec_${Buffer.from(key).toString('base64')}`;
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
