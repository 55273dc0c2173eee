/** The shop's own systems that events are sent to, and how the last ones got there. */
import { h, showTime, tag } from '/web/page.js';
import { get } from '/console/api.js';
import { nothing, section, table } from '/console/parts.js';

export async function showEndpoints() {
  const { endpoints } = await get('/v1/webhook-endpoints');
  const content =
    endpoints.length === 0
      ? [nothing('No endpoint has been registered: POST /v1/webhook-endpoints makes one.')]
      : await Promise.all(endpoints.map(endpointSection));
  return { title: 'Webhook endpoints', content };
}

async function endpointSection({ id, url, types, status, because }) {
  const { deliveries } = await get(`/v1/webhook-endpoints/${id}/deliveries`);
  const rows = deliveries.map(({ event, status: state, tries, attempts }) => {
    const last = attempts.at(-1);
    return [
      h('span', { class: 'mono' }, event),
      tag(state),
      String(tries),
      last && showTime(last.at),
      last && `${last.outcome} ${last.status ?? ''}`,
    ];
  });
  return section(
    url,
    h(
      'p',
      { class: 'row' },
      tag(status),
      because?.replaceAll('_', ' '),
      types.length === 0 ? 'all events' : types.join(', '),
    ),
    rows.length === 0
      ? nothing('Nothing has been sent yet.')
      : table(['Event', 'Status', { name: 'Tries', number: true }, 'Last tried', 'Answer'], rows),
  );
}
