import { json, type Answer } from '../answer.ts';
import type { Incoming } from '../http-server.ts';
import type { Sandbox } from './sandbox.ts';
import { problem, type Reply } from './wire.ts';

/** Whether the caller knows the key of the account. */
export function isAuthorised({ account }: Sandbox, incoming: Incoming): boolean {
  return header(incoming, 'x-api-key') === account.apiKey;
}

export function unauthorised(): Reply {
  return problem(401, '000', 'HTTP Status Response - Unauthorized', 'security');
}

export function header(incoming: Incoming, name: string): string {
  const value = incoming.headers[name];
  return typeof value === 'string' ? value : '';
}

export function toAnswer({ status, body, headers }: Reply): Answer {
  return status === 204 ? { status, headers: {}, body: '' } : json(status, body, headers);
}
