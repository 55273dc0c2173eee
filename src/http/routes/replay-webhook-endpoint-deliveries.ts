import { z } from 'zod';
import { refuse } from '../../domain/refusal.ts';
import { isId } from '../../kernel/ids.ts';
import { endpointParams } from '../codec/webhook-endpoint.ts';
import { route } from '../route.ts';

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const replayWebhookEndpointDeliveries = route({
  operationId: 'replayWebhookEndpointDeliveries',
  method: 'post',
  path: '/v1/webhook-endpoints/{endpoint_id}/replay',
  tag: 'Webhook endpoints',
  summary: 'Send events again',
  description:
    'One event, of whatever type and though it was never sent; or those of a span of time: `missed` are those that were ' +
    'given up or never sent, `all` everything. ' +
    'Copies have the same id. Events of archived months cannot be sent again from here.',
  scope: 'events',
  params: endpointParams,
  body: z
    .union([
      z.strictObject({
        event: z.string().refine((value) => isId('evt', value), 'is not the id of an event'),
      }),
      z.strictObject({ from: time, to: time, only: z.enum(['missed', 'all']).default('missed') }),
    ])
    .meta({ id: 'ReplayWebhooks' }),
  reply: {
    status: 200,
    schema: z.strictObject({ replayed: z.int() }).meta({ id: 'WebhooksReplayed' }),
    description: 'How many are sent again.',
  },
  handle: async ({ deps, caller, params, body }) => {
    const { webhooks } = deps.store;
    if ((await webhooks.find(caller.merchantId, params.endpoint_id)) === null)
      return refuse('not_found', 'There is no such endpoint.');
    const which = 'event' in body ? { eventId: body.event } : body;
    const replayed = await webhooks.replay(caller.merchantId, params.endpoint_id, which);
    return { document: { replayed } };
  },
});
