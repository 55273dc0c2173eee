import type { Books } from '../account.ts';
import { ApiError, invalid } from '../api-error.ts';
import { cardOf, methodFrom, requireCustomer } from '../authorise.ts';
import { customerConstants, type Customer } from '../objects/customer.ts';
import type { PaymentMethod } from '../objects/payment-method.ts';
import {
  anything,
  emptyable,
  fields,
  group,
  list,
  mergeMetadata,
  metadata,
  required,
  text,
} from '../params.ts';
import { dated, listOf, pagination } from './lists.ts';
import { route, type Routes } from './route.ts';

const customerParams = fields({
  address: anything,
  description: emptyable,
  email: emptyable,
  name: emptyable,
  phone: emptyable,
  shipping: anything,
  metadata,
  payment_method: text,
  invoice_settings: group({ default_payment_method: text }),
  preferred_locales: list(text),
  tax_exempt: text,
});

export const customerRoutes: Routes = {
  'POST customers': route(customerParams, (books, input) => {
    const customer = books.put(
      described(
        {
          ...customerConstants,
          id: books.newId('cus'),
          object: 'customer',
          address: null,
          created: books.now,
          description: null,
          email: null,
          invoice_settings: { default_payment_method: null },
          metadata: {},
          name: null,
          phone: null,
          shipping: null,
        },
        input,
      ),
    );
    if (input.payment_method !== undefined) attach(books, input.payment_method, customer.id);
    books.emit('customer.created', customer);
    return customer;
  }),
  'POST customers/:id': route(customerParams, (books, input, id) => {
    requireCustomer(books, id);
    return books.put(described(books.find('customer', id), input));
  }),
  'GET customers': route(fields({ ...dated, email: text }), (books, page) =>
    listOf(
      books,
      'customer',
      '/v1/customers',
      page,
      (each) => each.deleted !== true && (page.email === undefined || each.email === page.email),
    ),
  ),
  'GET customers/:id': route(fields({}), (books, _, id) => {
    const customer = books.find('customer', id);
    return customer.deleted === true ? { id, object: 'customer', deleted: true } : customer;
  }),
  'DELETE customers/:id': route(fields({}), (books, _, id) => {
    books.put<Customer>({ ...books.find('customer', id), deleted: true });
    for (const method of books.account.tables.payment_method.values())
      if (method.customer === id) detach(books, method);
    return { id, object: 'customer', deleted: true };
  }),
  'GET customers/:id/payment_methods': route(fields({ ...pagination, type: text }), (books, page, id) =>
    listOf(
      books,
      'payment_method',
      `/v1/customers/${id}/payment_methods`,
      page,
      (each) => each.customer === id,
    ),
  ),
  'GET customers/:id/payment_methods/:id': route(fields({}), (books, _, id, second) => {
    const method = books.find('payment_method', second);
    if (method.customer !== id) throw invalid(`No such PaymentMethod: '${second}'`, 'resource_missing');
    return method;
  }),

  'POST payment_methods': route(
    fields({
      type: required(text),
      card: group({ token: required(text) }),
      billing_details: anything,
      metadata,
      allow_redisplay: text,
    }),
    (books, input) => {
      if (input.type !== 'card' || input.card === undefined)
        throw invalid(
          'The stand-in Stripe makes cards from test tokens only: card[token].',
          undefined,
          'card',
        );
      const made = methodFrom(books, input.card.token.replace(/^tok_/, 'pm_card_'));
      return books.put<PaymentMethod>({
        ...made,
        billing_details: input.billing_details ?? made.billing_details,
        metadata: mergeMetadata({}, input.metadata),
      });
    },
  ),
  'GET payment_methods': route(fields({ ...pagination, customer: text, type: text }), (books, page) =>
    listOf(
      books,
      'payment_method',
      '/v1/payment_methods',
      page,
      (each) => page.customer !== undefined && each.customer === page.customer,
    ),
  ),
  // A detached one can still be looked at.
  'GET payment_methods/:id': route(
    fields({}),
    (books, _, id) => books.get('payment_method', id) ?? methodFrom(books, id),
  ),
  'POST payment_methods/:id': route(
    fields({ metadata, billing_details: anything, card: anything, allow_redisplay: text }),
    (books, input, id) => {
      const method = books.find('payment_method', id);
      return books.put<PaymentMethod>({
        ...method,
        billing_details: input.billing_details ?? method.billing_details,
        metadata: mergeMetadata(method.metadata, input.metadata),
      });
    },
  ),
  'POST payment_methods/:id/attach': route(fields({ customer: required(text) }), (books, input, id) =>
    attach(books, id, input.customer),
  ),
  'POST payment_methods/:id/detach': route(fields({}), (books, _, id) => {
    const method = books.find('payment_method', id);
    if (method.customer === null)
      throw invalid('The payment method you provided is not attached to a customer.');
    const detached = detach(books, method);
    books.emit('payment_method.detached', detached);
    return detached;
  }),
};

function described(customer: Customer, input: ReturnType<typeof customerParams>): Customer {
  return {
    ...customer,
    address: input.address ?? customer.address,
    description: input.description === undefined ? customer.description : input.description,
    email: input.email === undefined ? customer.email : input.email,
    name: input.name === undefined ? customer.name : input.name,
    phone: input.phone === undefined ? customer.phone : input.phone,
    shipping: input.shipping ?? customer.shipping,
    metadata: mergeMetadata(customer.metadata, input.metadata),
    invoice_settings: {
      default_payment_method:
        input.invoice_settings?.default_payment_method ?? customer.invoice_settings.default_payment_method,
    },
  };
}

/** It can be used by nobody any more. */
function detach(books: Books, method: PaymentMethod): PaymentMethod {
  const sandbox = { ...method.sandbox, detached: true as const };
  return books.put<PaymentMethod>({ ...method, customer: null, sandbox });
}

/** Stripe asks the issuer when a card is stored; some cards are refused right there. */
function attach(books: Books, idOrToken: string, customer: string): PaymentMethod {
  requireCustomer(books, customer);
  const method = methodFrom(books, idOrToken);
  const card = cardOf(method);
  if (card.declinesAttach && card.decline !== null)
    throw new ApiError(402, { type: 'card_error', ...card.decline });
  if (method.customer !== null && method.customer !== customer)
    throw invalid('The payment method you provided has already been attached to a customer.');
  const attached = books.put<PaymentMethod>({ ...method, customer });
  books.emit('payment_method.attached', attached);
  return attached;
}
