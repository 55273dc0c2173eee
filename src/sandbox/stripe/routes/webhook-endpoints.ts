import { randomBytes } from 'node:crypto';
import type { WebhookEndpoint } from '../objects/webhook-endpoint.ts';
import { anything, emptyable, fields, list, mergeMetadata, metadata, required, text } from '../params.ts';
import { listOf, pagination } from './lists.ts';
import { route, type Routes } from './route.ts';

export const webhookEndpointRoutes: Routes = {
  'POST webhook_endpoints': route(
    fields({
      url: required(text),
      enabled_events: required(list(text)),
      api_version: text,
      description: emptyable,
      metadata,
      connect: anything,
    }),
    (books, input) =>
      books.put<WebhookEndpoint>({
        id: books.newId('we'),
        object: 'webhook_endpoint',
        api_version: input.api_version ?? null,
        application: null,
        created: books.now,
        description: input.description ?? null,
        enabled_events: input.enabled_events,
        livemode: false,
        metadata: mergeMetadata({}, input.metadata),
        secret: `whsec_${randomBytes(24).toString('base64url')}`,
        status: 'enabled',
        url: input.url,
      }),
  ),
  'GET webhook_endpoints': route(fields(pagination), (books, page) => {
    const found = listOf(books, 'webhook_endpoint', '/v1/webhook_endpoints', page);
    return { ...found, data: found.data.map((each) => withoutSecret(each as WebhookEndpoint)) };
  }),
  'GET webhook_endpoints/:id': route(fields({}), (books, _, id) =>
    withoutSecret(books.find('webhook_endpoint', id)),
  ),
  'DELETE webhook_endpoints/:id': route(fields({}), (books, _, id) => {
    books.put<WebhookEndpoint>({ ...books.find('webhook_endpoint', id), status: 'disabled' });
    return { id, object: 'webhook_endpoint', deleted: true };
  }),
};

function withoutSecret(endpoint: WebhookEndpoint): unknown {
  return { ...endpoint, secret: undefined };
}
