import { z } from 'zod';
import type { Buyer } from '../../domain/checkout/checkout.ts';
import type { Address } from '../../domain/risk/signals.ts';
import { idOf, withoutUndefined } from './parts.ts';

const text = (lengthMax: number) => z.string().min(1).max(lengthMax);

export const country = z
  .string()
  .regex(/^[A-Z]{2}$/)
  .meta({ description: 'ISO 3166-1 alpha-2, upper case.' });

export const address = z
  .strictObject({
    name: text(200).optional(),
    line1: text(200).optional(),
    city: text(100).optional(),
    state: text(100).optional(),
    postal_code: text(20).optional(),
    country: country.optional(),
  })
  .meta({ id: 'Address' });

export const email = z
  .string()
  .max(254)
  .regex(/^[^\s@]+@[^\s@]+$/)
  .meta({ format: 'email' });

export const time = z.iso.datetime({ offset: true }).meta({ description: 'RFC 3339.' });

export const customer = z
  .strictObject({
    id: idOf('cus', 'The customer, for whom payment methods are kept.').optional(),
    reference: text(100).optional().meta({ description: 'The shop’s own id of the customer.' }),
    email: email.optional(),
    name: text(200).optional(),
    phone: text(40).optional(),
    created_at: time.optional().meta({ description: 'When the account was made.' }),
  })
  .meta({ id: 'Customer' });

export function fromWireAddress({ postal_code, ...rest }: z.output<typeof address>): Address {
  return withoutUndefined({ ...rest, postalCode: postal_code });
}

export function fromWireBuyer(body: {
  customer?: z.output<typeof customer> | undefined;
  billing_address?: z.output<typeof address> | undefined;
  shipping_address?: z.output<typeof address> | undefined;
}): Buyer {
  const { created_at, id: customerId, ...person } = body.customer ?? {};
  return withoutUndefined({
    ...person,
    customerId,
    accountCreatedAt: created_at === undefined ? undefined : Date.parse(created_at),
    billing: body.billing_address && fromWireAddress(body.billing_address),
    shipping: body.shipping_address && fromWireAddress(body.shipping_address),
  });
}
