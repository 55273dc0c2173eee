import { z } from 'zod';
import { refuse } from '../../domain/refusal.ts';
import { customerShown } from '../codec/customer.ts';
import { idOf } from '../codec/parts.ts';
import { toWireCustomer } from '../render/customer.ts';
import { route } from '../route.ts';

export const getCustomer = route({
  operationId: 'getCustomer',
  method: 'get',
  path: '/v1/customers/{customer_id}',
  tag: 'Customers',
  summary: 'Read a customer',
  description: 'The customer, without their payment methods.',
  scope: 'checkouts',
  params: z.strictObject({ customer_id: idOf('cus', 'The customer.') }),
  reply: { status: 200, schema: customerShown, description: 'The customer.' },
  handle: async ({ deps, caller, params }) => {
    const found = await deps.store.customers.find(caller.merchantId, params.customer_id);
    return found === null
      ? refuse('not_found', 'There is no such customer.')
      : { document: toWireCustomer(found) };
  },
});
