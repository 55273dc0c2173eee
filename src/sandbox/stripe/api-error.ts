import { json, type Answer } from '../answer.ts';

type ErrorType = 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';

export type ErrorBody = {
  readonly type: ErrorType;
  readonly message: string;
  readonly code?: string;
  readonly param?: string;
  readonly [more: string]: unknown;
};

/** What the API refuses with. Thrown by whoever notices, answered in one place. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: ErrorBody;

  constructor(status: number, body: ErrorBody) {
    super(body.message);
    this.status = status;
    this.body = body;
  }
}

export function invalid(message: string, code?: string, param?: string): ApiError {
  return new ApiError(400, {
    type: 'invalid_request_error',
    message,
    ...(code === undefined
      ? {}
      : { code, doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}` }),
    ...(param === undefined ? {} : { param }),
  });
}

export function missing(what: string, id: string, param = 'id'): ApiError {
  const { body } = invalid(`No such ${what}: '${id}'`, 'resource_missing', param);
  return new ApiError(404, body);
}

export function unexpectedState(message: string, more: Record<string, unknown> = {}): ApiError {
  const { body } = invalid(message, 'payment_intent_unexpected_state');
  return new ApiError(400, { ...body, ...more });
}

/** What is said when the execution breaks off. */
export const broken = {
  status: 500,
  value: { error: { type: 'api_error', message: 'The stand-in Stripe was told to fail here.' } },
};

export function rateLimitAnswer(retryAfterSeconds: number): Answer {
  const error = {
    type: 'invalid_request_error',
    code: 'rate_limit',
    message: 'Request rate limit exceeded. (Said by the stand-in Stripe.)',
  };
  return json(429, { error }, { 'retry-after': String(retryAfterSeconds), 'stripe-should-retry': 'true' });
}

export function lockTimeoutAnswer(status: number): Answer {
  const error = {
    type: 'invalid_request_error',
    code: 'lock_timeout',
    message:
      'This object cannot be accessed right now because another API request is currently accessing it.',
  };
  return json(status, { error }, { 'stripe-should-retry': 'true' });
}
