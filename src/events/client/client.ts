/**
 * `tillgate/events`: what a consumer of Tillgate's events needs, from whichever sink they come. Nothing here knows the
 * service; it works on the envelopes of docs/events.
 */
export { type Consumed, type Consumer, type Ledger, consumer, memoryLedger } from './consumer.ts';
export { type ReceivedEvent, readEvent, readWebhook } from './read-event.ts';
export { type Kpis, kpis } from './kpis.ts';
export { type OrderModel, type Orders, orders } from './orders.ts';
export { type Projection, growing, project, projection, toBytes } from './projection.ts';
