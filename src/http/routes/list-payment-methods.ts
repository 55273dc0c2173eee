import { z } from 'zod';
import { refuse } from '../../domain/refusal.ts';
import { methodShown } from '../codec/customer.ts';
import { idOf } from '../codec/parts.ts';
import { toWireMethod } from '../render/customer.ts';
import { route } from '../route.ts';

export const listPaymentMethods = route({
  operationId: 'listPaymentMethods',
  method: 'get',
  path: '/v1/customers/{customer_id}/payment-methods',
  tag: 'Customers',
  summary: 'List a customer’s payment methods',
  description: 'All of them, the oldest first, whatever became of them.',
  scope: 'checkouts',
  params: z.strictObject({ customer_id: idOf('cus', 'The customer.') }),
  reply: {
    status: 200,
    schema: z.strictObject({ payment_methods: z.array(methodShown) }).meta({ id: 'PaymentMethodList' }),
    description: 'The payment methods.',
  },
  handle: async ({ deps, caller, params }) => {
    const { customers } = deps.store;
    if ((await customers.find(caller.merchantId, params.customer_id)) === null)
      return refuse('not_found', 'There is no such customer.');
    const methods = await customers.methods(caller.merchantId, params.customer_id);
    return { document: { payment_methods: methods.map(toWireMethod) } };
  },
});
