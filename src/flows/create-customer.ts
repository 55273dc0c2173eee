import type { Customer } from '../domain/customer/customer.ts';
import { refuse } from '../domain/refusal.ts';
import type { NewRequest, Reply } from '../domain/request.ts';
import type { Deps } from './deps.ts';
import { type Answer, earlier, fresh } from './answer.ts';

/** Makes a customer, to whom payment methods can belong. */
export async function createCustomer(
  deps: Deps,
  ask: { readonly request: NewRequest; readonly reference: string | null },
): Promise<Answer> {
  const known = earlier(await deps.store.requests.find(ask.request), ask.request);
  if (known !== null) return known;
  const { reference, request } = ask;
  const { merchantId } = request;
  const customer: Customer = { id: deps.newId('cus'), merchantId, reference, createdAt: deps.clock() };
  const reply: Reply = { ...deps.render.customer(customer), status: 201 };
  const saved = await deps.store.customers.create(customer, { ...request, reply });
  if (saved === 'reference_taken')
    return refuse('customer_exists', 'There is a customer with this reference.', '/reference');
  return saved === 'saved' ? fresh(reply) : createCustomer(deps, ask);
}
