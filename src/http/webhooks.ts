import type { Express } from 'express';
import type { PspName } from '../domain/payment/attempt.ts';
import { isRefusal } from '../domain/refusal.ts';
import { receiveWebhook } from '../flows/receive-webhook.ts';
import type { Door } from './door.ts';
import { requestId } from './edge/address.ts';
import { readBody, webhookBytesMax } from './edge/body.ts';
import { problemOf } from './problem.ts';

/**
 * Where PSPs deliver: verified over the raw bytes, stored, answered; what it means is worked out after. PSPs repeat what
 * is not acknowledged, so a store that is away costs nothing but time.
 */
export function addWebhooks(app: Express, door: Door, stored: () => void): void {
  for (const psp of ['stripe', 'adyen'] as const satisfies readonly PspName[]) {
    app.post(`/webhooks/${psp}/:account`, async (request, response) => {
      const began = performance.now();
      const id = requestId(request, door.deps.newId);
      response.once('close', () => {
        const labels = { method: 'post', route: `/webhooks/${psp}`, status: String(response.statusCode) };
        door.metrics.http_request_seconds.observe(labels, (performance.now() - began) / 1000);
      });
      // Before there is room to take: anybody may send a body here, and as slowly as they like.
      const body = await readBody(request, { bytesMax: webhookBytesMax });
      if (!body.ok) {
        door.sendProblem(response, problemOf(body), id);
        return;
      }
      const admission = door.shed.admit('critical');
      if (!admission.ok) {
        door.sendProblem(response, { ...problemOf(admission), retryAfterS: admission.retryAfterS }, id);
        return;
      }
      response.once('close', admission.done);
      const { account } = request.params;
      const received = await receiveWebhook(
        door.deps,
        { psp, account },
        { raw: body.bytes, headers: singleHeaders(request.headers), receivedAt: door.deps.clock() },
      );
      if (isRefusal(received)) {
        door.log.warn('a webhook was refused', { psp, reason: received.why, request_id: id });
        door.sendProblem(response, { code: received.refused, detail: received.detail }, id);
        return;
      }
      if (received.stored > 0) stored();
      // Adyen wants to read this word; Stripe any 2xx.
      response
        .writeHead(200, { ...door.headers, 'content-type': 'text/plain', 'request-id': id })
        .end('[accepted]');
    });
  }
}

function singleHeaders(headers: NodeJS.Dict<string | string[]>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : undefined]),
  );
}
