import type { Books } from '../account.ts';
import { invalid, unexpectedState } from '../api-error.ts';
import type { Charge } from '../objects/charge.ts';
import { amount, anything, currency, fields, flag, mergeMetadata, metadata, oneOf, text } from '../params.ts';
import { refund } from '../refunds.ts';
import { dated, listOf } from './lists.ts';
import { route, type Routes } from './route.ts';

const createParams = fields({
  amount,
  charge: text,
  payment_intent: text,
  currency,
  metadata,
  reason: oneOf('duplicate', 'fraudulent', 'requested_by_customer'),
  instructions_email: text,
  customer: text,
  origin: text,
  refund_application_fee: flag,
  reverse_transfer: flag,
});

export const refundRoutes: Routes = {
  'POST refunds': route(createParams, (books, input) => {
    const charge = chargeOf(books, input.charge, input.payment_intent);
    if (input.currency !== undefined && input.currency !== charge.currency)
      throw invalid('The currency does not match the charge.', undefined, 'currency');
    return refund(books, charge, input.amount, input.reason ?? null, mergeMetadata({}, input.metadata));
  }),
  'GET refunds': route(fields({ ...dated, charge: text, payment_intent: text }), (books, page) =>
    listOf(
      books,
      'refund',
      '/v1/refunds',
      page,
      (each) =>
        (page.charge === undefined || each.charge === page.charge) &&
        (page.payment_intent === undefined || each.payment_intent === page.payment_intent),
    ),
  ),
  'GET refunds/:id': route(fields({}), (books, _, id) => books.find('refund', id)),
  'POST refunds/:id': route(fields({ metadata, shipping: anything }), (books, input, id) => {
    const made = books.find('refund', id);
    return books.put({ ...made, metadata: mergeMetadata(made.metadata, input.metadata) });
  }),
};

function chargeOf(books: Books, charge: string | undefined, intent: string | undefined): Charge {
  if (charge !== undefined) return books.find('charge', charge, 'charge');
  if (intent === undefined)
    throw invalid(
      'One of the following params should be provided for this request: payment_intent or charge.',
    );
  const { latest_charge, amount_received } = books.find('payment_intent', intent, 'payment_intent');
  if (latest_charge === null || amount_received === 0)
    throw unexpectedState(`This PaymentIntent (${intent}) does not have a successful charge to refund.`);
  return books.find('charge', latest_charge);
}

/** A charge's refunds, which Stripe shows only when they are expanded. */
export function listOfRefunds(account: Books['account'], charge: Readonly<Record<string, unknown>>): unknown {
  const data = [...account.tables.refund.values()].filter((each) => each.charge === charge['id']).reverse();
  return { object: 'list', data, has_more: false, url: `/v1/charges/${String(charge['id'])}/refunds` };
}
