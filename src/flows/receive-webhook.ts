import type { PspAccountRef } from '../domain/payment/witness.ts';
import { type Refusal, refuse } from '../domain/refusal.ts';
import type { WebhookBody } from '../psp/psp.ts';
import type { Deps } from './deps.ts';

/**
 * Verifies and stores what a PSP tells, so that it can be answered at once; the delivery worker reads it after.
 * Answers how many of its messages were new.
 */
export async function receiveWebhook(
  deps: Deps,
  account: PspAccountRef,
  body: WebhookBody,
): Promise<{ readonly stored: number } | (Refusal & { readonly why: string })> {
  const known = deps.psps.find(account.psp, account.account);
  if (known === null)
    return { ...refuse('not_found', 'There is no such PSP account.'), why: 'unknown account' };
  const reading = known.psp.readWebhook(body);
  if (reading.kind === 'refused') {
    return { ...refuse('webhook_not_authentic', 'The signature does not fit the body.'), why: reading.why };
  }
  const stored = await deps.store.deliveries.receive(
    reading.witnesses.map((witness) => ({
      ...account,
      merchantId: known.merchantId,
      witness,
      receivedAt: body.receivedAt,
    })),
  );
  deps.failpoint('delivery.stored');
  return { stored };
}
