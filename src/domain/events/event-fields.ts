import type { Checkout } from '../checkout/checkout.ts';
import type { EventFact } from './event.ts';

/** What a merchant may let into the events of its orders; nobody's is there by default. */
export const eventFields = ['customer.reference', 'metadata'] as const;

export type EventField = (typeof eventFields)[number];

/** The event with what its merchant lets into it. Only what is said of an order is passed here. */
export function withFields<Fact extends EventFact>(
  fact: Fact,
  fields: readonly EventField[],
  { buyer, metadata }: Checkout,
): Fact {
  if (fields.length === 0) return fact;
  const { reference } = buyer;
  return {
    ...fact,
    data: {
      ...fact.data,
      ...(fields.includes('customer.reference') && reference !== undefined
        ? { customerReference: reference }
        : {}),
      ...(fields.includes('metadata') ? { metadata } : {}),
    },
  };
}
