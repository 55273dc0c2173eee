import type clientInterface from '@adyen/api-library/lib/src/httpClient/clientInterface.js';
import { z } from 'zod';
import { TransportFailure, type Answer, type Exchange, type Transport } from '../transport.ts';

/** Adyen answered with an error. It has Adyen's codes only: the message may repeat what was sent. */
export class AdyenRefusal extends Error {
  readonly status: number;
  readonly errorCode: string;

  constructor(status: number, errorCode: string) {
    super(`${status} ${errorCode}`);
    this.status = status;
    this.errorCode = errorCode;
  }
}

const problemSchema = z.object({ errorCode: z.string().default('') });

/**
 * The official library's own hook for HTTP, filled with our keep-alive pool. What comes back is checked here, because
 * the library takes whatever it cannot parse for an answer.
 */
export function pooledHttpClient(transport: Transport): clientInterface.default {
  return {
    async request(endpoint, json, config, _isApiKeyRequired, options): Promise<string> {
      const url = new URL(endpoint);
      for (const [name, value] of Object.entries(options?.params ?? {}))
        url.searchParams.set(name, String(value));
      const answer = await transport.exchange({
        method: (options?.method ?? 'POST') as Exchange['method'],
        path: `${url.pathname}${url.search}`,
        headers: {
          'content-type': 'application/json',
          'x-api-key': config.apiKey ?? '',
          ...(options?.idempotencyKey !== undefined && { 'idempotency-key': options.idempotencyKey }),
        },
        body: String(json),
      });
      return checked(answer);
    },
  };
}

function checked({ status, body }: Answer): string {
  if (status === 204) return '{}';
  const succeeded = status >= 200 && status < 300;
  let problem;
  try {
    problem = problemSchema.safeParse(JSON.parse(body));
  } catch (error) {
    throw new TransportFailure(true, `status ${status} without JSON`, error);
  }
  if (!problem.success) throw new TransportFailure(true, `status ${status} with a body that is not Adyen's`);
  if (succeeded) return body;
  throw new AdyenRefusal(status, problem.data.errorCode);
}
