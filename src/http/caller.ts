import { type BlockList, isIPv4 } from 'node:net';
import type { Request } from 'express';
import { hashSecret } from '../flows/new-secret.ts';
import type { Authenticate } from './authenticate.ts';
import { blockListOf } from './edge/address.ts';
import type { Problem } from './problem.ts';
import type { Caller, Route } from './route.ts';

/** Says who asks, and whether the key may do what is asked. A refusal tells nothing about what exists. */
export async function callerOf(
  authenticate: Authenticate,
  route: Route,
  request: Request,
  address: string,
): Promise<{ readonly value: Caller } | { readonly problem: Problem }> {
  const key = await authenticate(request.get('authorization'));
  if (key === null) {
    return { problem: { code: 'authentication_required', headers: { 'www-authenticate': 'Bearer' } } };
  }
  if (key.networks.length > 0 && !isIn(blockListOf(key.networks), address)) {
    return { problem: { code: 'permission_denied', detail: 'The key may not be used from this address.' } };
  }
  const isPublishable = key.kind === 'publishable';
  if (isPublishable && !route.client) {
    return { problem: { code: 'permission_denied', detail: 'The call is for secret keys only.' } };
  }
  if (!key.scopes.includes(route.scope)) {
    return { problem: { code: 'permission_denied', detail: `The key lacks the scope \`${route.scope}\`.` } };
  }
  const secret = request.get('tillgate-client-secret');
  if (isPublishable && secret === undefined && route.anyBrowser !== true) {
    return {
      problem: {
        code: 'authentication_required',
        detail: 'A publishable key needs the checkout’s client secret in the Tillgate-Client-Secret header.',
      },
    };
  }
  const optional = {
    userAgent: request.get('user-agent'),
    acceptLanguage: request.get('accept-language'),
    clientHints: request.get('sec-ch-ua'),
    clientSecretHash: isPublishable && secret !== undefined ? hashSecret(secret).toString('hex') : undefined,
  };
  const told = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { value: { key, merchantId: key.merchantId, address, ...told } };
}

function isIn(networks: BlockList, address: string): boolean {
  return networks.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}
