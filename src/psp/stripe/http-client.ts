import Stripe from 'stripe';
import { TransportFailure, type Answer, type Exchange, type Transport } from '../transport.ts';

type Request = Parameters<Stripe.HttpClient['makeRequest']>;
type Response = Awaited<ReturnType<Stripe.HttpClient['makeRequest']>>;

/** The official library's own port for HTTP, filled with our keep-alive pool. */
export class PooledHttpClient extends Stripe.HttpClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    super();
    this.#transport = transport;
  }

  override getClientName(): string {
    return 'tillgate';
  }

  override async makeRequest(...[, , path, method, headers, body]: Request): Promise<Response> {
    const answer = await this.#transport.exchange({
      method: method as Exchange['method'],
      path,
      headers: headers as Record<string, string>,
      ...(body ? { body } : {}),
    });
    return responseOf(answer, jsonOf(answer));
  }
}

/**
 * The library takes every JSON body without an `error` for a success, whatever its status. What is not Stripe's own
 * answer (a proxy's page, a redirect, half a body, a bare 502) is an answer that was not heard.
 */
function jsonOf({ status, body }: Answer): object {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (error) {
    throw new TransportFailure(true, `status ${status} without JSON`, error);
  }
  if (typeof json === 'object' && json !== null && ((status >= 200 && status < 300) || 'error' in json))
    return json;
  throw new TransportFailure(true, `status ${status} with a body that is not Stripe's`);
}

function responseOf(answer: Answer, json: object): Response {
  return {
    getStatusCode: () => answer.status,
    getHeaders: () => answer.headers,
    getRawResponse: () => ({ statusCode: answer.status, headers: answer.headers }),
    toStream: () => {
      throw new Error('no call of this adapter streams');
    },
    toJSON: () => Promise.resolve(json),
  };
}
