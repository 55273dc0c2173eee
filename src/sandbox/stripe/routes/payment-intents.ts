import type { Books } from '../account.ts';
import { unexpectedState } from '../api-error.ts';
import { confirm, methodFrom, requireCustomer } from '../authorise.ts';
import { cancel, capture, increment } from '../captures.ts';
import { paymentIntentConstants, type CardOptions, type PaymentIntent } from '../objects/payment-intent.ts';
import { fields, mergeMetadata, text } from '../params.ts';
import { dated, listOf } from './lists.ts';
import {
  cancelParams,
  captureParams,
  confirmParams,
  createParams,
  incrementParams,
  updateParams,
} from './payment-intent-params.ts';
import { route, type Routes } from './route.ts';

export const paymentIntentRoutes: Routes = {
  'POST payment_intents': route(createParams, create),
  'GET payment_intents': route(fields({ ...dated, customer: text }), (books, page) =>
    listOf(
      books,
      'payment_intent',
      '/v1/payment_intents',
      page,
      (each) => page.customer === undefined || each.customer === page.customer,
    ),
  ),
  'GET payment_intents/:id': route(fields({ client_secret: text }), (books, _, id) =>
    books.find('payment_intent', id, 'intent'),
  ),
  'POST payment_intents/:id': route(updateParams, update),
  'POST payment_intents/:id/confirm': route(confirmParams, confirmExisting),
  'POST payment_intents/:id/capture': route(captureParams, (books, input, id) =>
    capture(books, books.find('payment_intent', id, 'intent'), input),
  ),
  'POST payment_intents/:id/cancel': route(cancelParams, (books, input, id) =>
    cancel(books, books.find('payment_intent', id, 'intent'), input.cancellation_reason ?? null),
  ),
  'POST payment_intents/:id/increment_authorization': route(incrementParams, (books, input, id) =>
    increment(books, books.find('payment_intent', id, 'intent'), input),
  ),
};

function create(books: Books, input: ReturnType<typeof createParams>): PaymentIntent {
  requireCustomer(books, input.customer);
  const id = books.newId('pi');
  const method = input.payment_method === undefined ? undefined : methodFrom(books, input.payment_method);
  const automatic = input.automatic_payment_methods;
  const intent = books.put<PaymentIntent>({
    ...paymentIntentConstants,
    id,
    object: 'payment_intent',
    amount: input.amount,
    amount_capturable: 0,
    amount_received: 0,
    automatic_payment_methods:
      automatic === undefined && input.payment_method_types !== undefined
        ? null
        : {
            allow_redirects: automatic?.allow_redirects ?? 'always',
            enabled: automatic?.enabled ?? true,
          },
    canceled_at: null,
    cancellation_reason: null,
    capture_method: input.capture_method ?? 'automatic_async',
    client_secret: `${id}_secret_${books.newId('s').slice(2)}`,
    created: books.now,
    currency: input.currency,
    customer: input.customer ?? null,
    description: input.description ?? null,
    last_payment_error: null,
    latest_charge: null,
    metadata: mergeMetadata({}, input.metadata),
    next_action: null,
    payment_method: method?.id ?? null,
    payment_method_options: { card: cardOptions(input.payment_method_options?.card) },
    payment_method_types: input.payment_method_types ?? ['card', 'link'],
    receipt_email: input.receipt_email ?? null,
    setup_future_usage: input.setup_future_usage ?? null,
    shipping: input.shipping ?? null,
    statement_descriptor: input.statement_descriptor ?? null,
    statement_descriptor_suffix: input.statement_descriptor_suffix ?? null,
    status: method === undefined ? 'requires_payment_method' : 'requires_confirmation',
    transfer_group: input.transfer_group ?? null,
  });
  books.emit('payment_intent.created', intent);
  return input.confirm === true ? confirm(books, intent, confirmation(input)) : intent;
}

type CardInput = NonNullable<ReturnType<typeof createParams>['payment_method_options']>['card'];

function cardOptions(input: CardInput, old: CardOptions = {}): CardOptions {
  return {
    request_three_d_secure: input?.request_three_d_secure ?? old.request_three_d_secure ?? 'automatic',
    request_multicapture: input?.request_multicapture ?? old.request_multicapture,
    request_incremental_authorization:
      input?.request_incremental_authorization ?? old.request_incremental_authorization,
    three_d_secure: input?.three_d_secure ?? old.three_d_secure,
  };
}

function confirmation(input: {
  off_session?: boolean | undefined;
  return_url?: string | undefined;
  error_on_requires_action?: boolean | undefined;
}) {
  return {
    offSession: input.off_session === true,
    returnUrl: input.return_url,
    errorOnRequiresAction: input.error_on_requires_action === true,
  };
}

const changeable = ['requires_payment_method', 'requires_confirmation', 'requires_action'] as const;

function mustBeOpen(intent: PaymentIntent, verb: string): void {
  if (!changeable.some((status) => status === intent.status))
    throw unexpectedState(
      `You cannot ${verb} this PaymentIntent because it has a status of ${intent.status}.`,
      { payment_intent: intent },
    );
}

type Changes = Partial<ReturnType<typeof updateParams>>;

/** Puts the given fields in; what is absent stays. */
function changed(books: Books, intent: PaymentIntent, input: Changes): PaymentIntent {
  const method = input.payment_method === undefined ? undefined : methodFrom(books, input.payment_method);
  return {
    ...intent,
    amount: input.amount ?? intent.amount,
    currency: input.currency ?? intent.currency,
    capture_method: input.capture_method ?? intent.capture_method,
    customer: input.customer ?? intent.customer,
    description: input.description === undefined ? intent.description : input.description,
    metadata: mergeMetadata(intent.metadata, input.metadata),
    payment_method: method?.id ?? intent.payment_method,
    payment_method_options: {
      card: cardOptions(input.payment_method_options?.card, intent.payment_method_options.card),
    },
    receipt_email: input.receipt_email === undefined ? intent.receipt_email : input.receipt_email,
    setup_future_usage:
      input.setup_future_usage === undefined ? intent.setup_future_usage : input.setup_future_usage,
    shipping: input.shipping ?? intent.shipping,
    statement_descriptor: input.statement_descriptor ?? intent.statement_descriptor,
    statement_descriptor_suffix: input.statement_descriptor_suffix ?? intent.statement_descriptor_suffix,
    transfer_group: input.transfer_group ?? intent.transfer_group,
    status:
      method !== undefined && intent.status === 'requires_payment_method'
        ? 'requires_confirmation'
        : intent.status,
  };
}

function update(books: Books, input: ReturnType<typeof updateParams>, id: string): PaymentIntent {
  const intent = books.find('payment_intent', id, 'intent');
  requireCustomer(books, input.customer);
  const labelsOnly =
    input.amount === undefined && input.currency === undefined && input.payment_method === undefined;
  if (!labelsOnly) mustBeOpen(intent, 'update');
  return books.put(changed(books, intent, input));
}

function confirmExisting(books: Books, input: ReturnType<typeof confirmParams>, id: string): PaymentIntent {
  const intent = books.find('payment_intent', id, 'intent');
  mustBeOpen(intent, 'confirm');
  return confirm(books, books.put(changed(books, intent, input)), confirmation(input));
}
