import { isRefusal } from '../../domain/refusal.ts';
import { changeWebhookEndpoint as change } from '../../flows/change-webhook-endpoint.ts';
import { withoutUndefined } from '../codec/parts.ts';
import { endpointChange, endpointParams, endpointShown, toWireEndpoint } from '../codec/webhook-endpoint.ts';
import { route } from '../route.ts';

export const changeWebhookEndpoint = route({
  operationId: 'changeWebhookEndpoint',
  method: 'patch',
  path: '/v1/webhook-endpoints/{endpoint_id}',
  tag: 'Webhook endpoints',
  summary: 'Change, disable or enable an endpoint',
  description:
    'Only what is given changes. What was still to be delivered when an endpoint was disabled goes on when it is ' +
    'enabled; what happened in between can be replayed.',
  scope: 'events',
  params: endpointParams,
  body: endpointChange,
  reply: { status: 200, schema: endpointShown, description: 'The endpoint.' },
  problems: ['webhook_url_refused'],
  handle: async ({ deps, caller, params, body: { status: state, ...rest } }) => {
    const changed = await change(
      deps,
      caller.merchantId,
      params.endpoint_id,
      withoutUndefined({ ...rest, state }),
    );
    return isRefusal(changed) ? changed : { document: toWireEndpoint(changed) };
  },
});
