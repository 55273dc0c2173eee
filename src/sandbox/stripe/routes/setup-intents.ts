import type { Books } from '../account.ts';
import { ApiError, invalid, type ErrorBody } from '../api-error.ts';
import { authenticationStep, cardOf, methodFrom, requireCustomer } from '../authorise.ts';
import type { Decline } from '../declines.ts';
import { nextAction } from '../objects/next-action.ts';
import type { PaymentMethod } from '../objects/payment-method.ts';
import { setupIntentConstants, type SetupIntent } from '../objects/setup-intent.ts';
import {
  anything,
  emptyable,
  fields,
  flag,
  group,
  list,
  mergeMetadata,
  metadata,
  oneOf,
  required,
  text,
} from '../params.ts';
import { externalAuthentication } from '../three-d-secure.ts';
import { dated, listOf } from './lists.ts';
import { requestThreeDSecure } from './payment-intent-params.ts';
import { route, type Routes } from './route.ts';

const options = group({
  card: group({
    request_three_d_secure: requestThreeDSecure,
    three_d_secure: externalAuthentication,
    mandate_options: anything,
    moto: flag,
    network: text,
  }),
  link: anything,
});

const confirming = {
  payment_method: text,
  payment_method_data: anything,
  payment_method_options: options,
  return_url: text,
  mandate_data: anything,
  use_stripe_sdk: flag,
  confirmation_token: text,
};
const labelled = { customer: text, description: emptyable, metadata, payment_method_types: list(text) };

const createParams = fields({
  ...confirming,
  ...labelled,
  automatic_payment_methods: group({ enabled: required(flag), allow_redirects: oneOf('always', 'never') }),
  attach_to_self: flag,
  confirm: flag,
  flow_directions: anything,
  on_behalf_of: text,
  payment_method_configuration: text,
  single_use: anything,
  usage: oneOf('off_session', 'on_session'),
});
const confirmParams = fields(confirming);

export const setupIntentRoutes: Routes = {
  'POST setup_intents': route(createParams, (books, input) => {
    requireCustomer(books, input.customer);
    const id = books.newId('seti');
    const method = input.payment_method === undefined ? undefined : methodFrom(books, input.payment_method);
    const intent = books.put<SetupIntent>({
      ...setupIntentConstants,
      id,
      object: 'setup_intent',
      automatic_payment_methods: {
        allow_redirects: input.automatic_payment_methods?.allow_redirects ?? 'always',
        enabled: input.automatic_payment_methods?.enabled ?? true,
      },
      cancellation_reason: null,
      client_secret: `${id}_secret_${books.newId('s').slice(2)}`,
      created: books.now,
      customer: input.customer ?? null,
      description: input.description ?? null,
      last_setup_error: null,
      mandate: null,
      metadata: mergeMetadata({}, input.metadata),
      next_action: null,
      payment_method: method?.id ?? null,
      payment_method_options: { card: { ...input.payment_method_options?.card } },
      payment_method_types: input.payment_method_types ?? ['card'],
      status: method === undefined ? 'requires_payment_method' : 'requires_confirmation',
      usage: input.usage ?? 'off_session',
    });
    books.emit('setup_intent.created', intent);
    return input.confirm === true ? confirmSetup(books, intent, input.return_url) : intent;
  }),
  'GET setup_intents': route(fields({ ...dated, customer: text, payment_method: text }), (books, page) =>
    listOf(
      books,
      'setup_intent',
      '/v1/setup_intents',
      page,
      (each) =>
        (page.customer === undefined || each.customer === page.customer) &&
        (page.payment_method === undefined || each.payment_method === page.payment_method),
    ),
  ),
  'GET setup_intents/:id': route(fields({ client_secret: text }), (books, _, id) =>
    books.find('setup_intent', id),
  ),
  'POST setup_intents/:id': route(
    fields({ ...labelled, payment_method: text, payment_method_options: options }),
    (books, input, id) => {
      const intent = books.find('setup_intent', id);
      const method = input.payment_method === undefined ? undefined : methodFrom(books, input.payment_method);
      return books.put<SetupIntent>({
        ...intent,
        customer: input.customer ?? intent.customer,
        description: input.description === undefined ? intent.description : input.description,
        metadata: mergeMetadata(intent.metadata, input.metadata),
        payment_method: method?.id ?? intent.payment_method,
      });
    },
  ),
  'POST setup_intents/:id/confirm': route(confirmParams, (books, input, id) => {
    const intent = mustBeOpen(books.find('setup_intent', id));
    const method = input.payment_method === undefined ? undefined : methodFrom(books, input.payment_method);
    return confirmSetup(
      books,
      {
        ...intent,
        payment_method: method?.id ?? intent.payment_method,
        payment_method_options: {
          card: { ...intent.payment_method_options.card, ...input.payment_method_options?.card },
        },
      },
      input.return_url,
    );
  }),
  'POST setup_intents/:id/cancel': route(
    fields({ cancellation_reason: oneOf('abandoned', 'requested_by_customer', 'duplicate') }),
    (books, input, id) => {
      const intent = mustBeOpen(books.find('setup_intent', id));
      const canceled = books.put<SetupIntent>({
        ...intent,
        status: 'canceled',
        next_action: null,
        cancellation_reason: input.cancellation_reason ?? null,
      });
      books.emit('setup_intent.canceled', canceled);
      return canceled;
    },
  ),
};

function mustBeOpen(intent: SetupIntent): SetupIntent {
  if (intent.status !== 'succeeded' && intent.status !== 'canceled') return intent;
  const { body } = invalid(
    `This SetupIntent has a status of ${intent.status}.`,
    'setup_intent_unexpected_state',
  );
  throw new ApiError(400, { ...body, setup_intent: intent });
}

function confirmSetup(books: Books, intent: SetupIntent, returnUrl: string | undefined): SetupIntent {
  if (intent.payment_method === null)
    throw invalid(
      'You cannot confirm this SetupIntent because it is missing a payment method.',
      'setup_intent_unexpected_state',
    );
  const method = books.find('payment_method', intent.payment_method);
  const card = cardOf(method);
  const { request_three_d_secure: asked, three_d_secure: external } = intent.payment_method_options.card;
  const step =
    external === undefined
      ? authenticationStep(card, asked, false, false, books.newId('tds'))
      : ({ do: 'proceed' } as const);
  // A card that is known to be set up for later is not challenged again.
  if (step.do === 'challenge' && card.authentication !== 'set_up') {
    const waiting = books.put<SetupIntent>({
      ...intent,
      status: 'requires_action',
      next_action: nextAction(books.pageUrl(intent.id), returnUrl),
      last_setup_error: null,
    });
    books.emit('setup_intent.requires_action', waiting);
    return waiting;
  }
  return completeSetup(books, intent, method);
}

/** The card is stored for later, unless its issuer refuses even that. */
function completeSetup(books: Books, intent: SetupIntent, method: PaymentMethod): SetupIntent {
  const card = cardOf(method);
  if (card.declinesAttach && card.decline !== null) return failSetup(books, intent, method, card.decline);
  books.put<PaymentMethod>({
    ...method,
    customer: intent.customer ?? method.customer,
    sandbox: { ...method.sandbox, set_up: intent.usage === 'off_session' || method.sandbox.set_up },
  });
  const done = books.put<SetupIntent>({
    ...intent,
    status: 'succeeded',
    next_action: null,
    last_setup_error: null,
    mandate: intent.usage === 'off_session' ? books.newId('mandate') : null,
  });
  books.emit('setup_intent.succeeded', done);
  return done;
}

function failSetup(books: Books, intent: SetupIntent, method: PaymentMethod, decline: Decline): never {
  const error: ErrorBody = { type: 'card_error', ...decline, payment_method: method };
  const failed = books.put<SetupIntent>({
    ...intent,
    status: 'requires_payment_method',
    next_action: null,
    payment_method: null,
    last_setup_error: error,
  });
  books.emit('setup_intent.setup_failed', failed);
  throw new ApiError(402, { ...error, setup_intent: failed });
}

/** The buyer came back from the challenge. */
export function setupAuthenticated(books: Books, intent: SetupIntent, passed: boolean): SetupIntent {
  const method = books.find('payment_method', intent.payment_method ?? '');
  if (passed) return completeSetup(books, intent, method);
  const failed = books.put<SetupIntent>({
    ...intent,
    status: 'requires_payment_method',
    next_action: null,
    payment_method: null,
    last_setup_error: {
      type: 'invalid_request_error',
      code: 'setup_intent_authentication_failure',
      message: 'We are unable to authenticate your payment method.',
      payment_method: method,
    },
  });
  books.emit('setup_intent.setup_failed', failed);
  return failed;
}
