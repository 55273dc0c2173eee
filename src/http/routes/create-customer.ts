import { createCustomer as create } from '../../flows/create-customer.ts';
import { createCustomerBody, customerShown } from '../codec/customer.ts';
import { route } from '../route.ts';

export const createCustomer = route({
  operationId: 'createCustomer',
  method: 'post',
  path: '/v1/customers',
  tag: 'Customers',
  summary: 'Create a customer',
  description: 'Somebody for whom payment methods are kept. Personal data stay with the shop.',
  scope: 'checkouts',
  body: createCustomerBody.optional(),
  moves: 'create_customer',
  reply: { status: 201, schema: customerShown, description: 'The customer.' },
  problems: ['customer_exists'],
  handle: ({ deps, body, request }) => create(deps, { request, reference: body?.reference ?? null }),
});
