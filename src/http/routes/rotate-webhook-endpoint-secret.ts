import { z } from 'zod';
import { isRefusal } from '../../domain/refusal.ts';
import { rotateWebhookEndpointSecret as rotate } from '../../flows/rotate-webhook-endpoint-secret.ts';
import { dayMs } from '../../kernel/instant.ts';
import { endpointParams, endpointShownWithSecret, toWireEndpoint } from '../codec/webhook-endpoint.ts';
import { route } from '../route.ts';

/** Enough to deploy a new secret everywhere in, on a working day. */
const overlapSecondsMax = (7 * dayMs) / 1000;

export const rotateWebhookEndpointSecret = route({
  operationId: 'rotateWebhookEndpointSecret',
  method: 'post',
  path: '/v1/webhook-endpoints/{endpoint_id}/rotate-secret',
  tag: 'Webhook endpoints',
  summary: 'Rotate the secret',
  description:
    'The reply holds the new secret, this once. For the overlap, messages carry two signatures, so that either secret ' +
    'verifies them. Rotate with an overlap of 0 when the old secret has leaked.',
  scope: 'events',
  params: endpointParams,
  body: z
    .strictObject({
      overlap_seconds: z
        .int()
        .min(0)
        .max(overlapSecondsMax)
        .default(dayMs / 1000),
    })
    .meta({ id: 'RotateWebhookEndpointSecret' })
    .optional(),
  reply: { status: 200, schema: endpointShownWithSecret, description: 'The endpoint and its new secret.' },
  handle: async ({ deps, caller, params, body }) => {
    const overlapMs = body === undefined ? dayMs : body.overlap_seconds * 1000;
    const rotated = await rotate(deps, caller.merchantId, params.endpoint_id, overlapMs);
    return isRefusal(rotated)
      ? rotated
      : { document: { ...toWireEndpoint(rotated.endpoint), secret: rotated.secret } };
  },
});
