import type { Request } from 'express';
import { isRefusal } from '../domain/refusal.ts';
import { purposes, type Proof, type Purpose } from './challenge/challenge.ts';
import { hostOf, networkOf, plain } from './edge/address.ts';
import type { RequestClass } from './edge/shed.ts';
import type { Input } from './input.ts';
import type { Left } from './rate-limit/gate.ts';
import type { Call } from './rate-limit/limits.ts';
import type { Visit } from './rate-limit/rate-limiter.ts';
import type { Answered, Caller, Route } from './route.ts';

/** A request as the gate sees it. */
export type Approach = {
  readonly visit: Visit;
  /** What a solution would have to be for; absent where nobody asks for one. */
  readonly proof?: Proof;
};

export function callOf(route: Route): Call {
  return route.call ?? (route.method === 'get' ? 'read' : 'manage');
}

/** Money under way goes before a buyer who pays, a buyer before what is new, and listings wait. */
const classes: Readonly<Record<Call, RequestClass>> = {
  manage: 'critical',
  confirm: 'confirm',
  add_card: 'create',
  create: 'create',
  sign_up: 'create',
  login: 'create',
  read: 'list',
};

/** What a browser reads (its checkout, a challenge) belongs to a payment under way. */
export function classOf(route: Route): RequestClass {
  const call = callOf(route);
  return call === 'read' && route.client ? 'confirm' : classes[call];
}

/** Nobody we know: counted by where it comes from, across all merchants. */
export function strangerAt(route: Route, address: string): Visit {
  return { call: callOf(route), caller: 'anonymous', keys: whereFrom(address) };
}

/** `input` is absent when the request could not be read; it counts all the same. */
export function approachOf(route: Route, caller: Caller, request: Request, input?: Input): Approach {
  const about = input && route.about?.(input.body);
  const call = about?.call ?? callOf(route);
  const { key, merchantId } = caller;
  const isBrowser = key.kind === 'publishable';
  // The buyer is where the connection comes from, or where the shop's server says.
  const address = isBrowser ? caller.address : about?.keys?.address;
  const visit: Visit = {
    call,
    caller: key.kind,
    keys: {
      ...about?.keys,
      merchant: merchantId,
      [isBrowser ? 'publishable_key' : 'api_key']: key.id,
      client_secret: caller.clientSecretHash,
      ...(address === undefined ? {} : whereFrom(address)),
    },
  };
  if (!isPurpose(call)) return { visit };
  const proof: Proof = {
    purpose: call,
    subject: subjectOf(input) ?? merchantId,
    holder: `${request.path} ${request.get('idempotency-key') ?? ''}`,
    address: address ?? caller.address,
  };
  return { visit, proof };
}

/** Shops hand addresses on as their own servers spell them. */
export function whereFrom(told: string): Visit['keys'] {
  const address = plain(told);
  return { address: hostOf(address), network: networkOf(address) };
}

function isPurpose(call: Call): call is Purpose {
  return (purposes as readonly Call[]).includes(call);
}

/** A challenge for a checkout is for that checkout; before there is one, it is for the shop. */
function subjectOf(input: Input | undefined): string | undefined {
  const params = input?.params as Readonly<Record<string, string>> | undefined;
  return params?.['checkout_id'];
}

/** What the gate learns from an answer; null when it is told nothing new. */
export function leftBy(route: Route, caller: Caller, input: Input, answered: Answered): Left | null {
  if (isRefusal(answered)) {
    // A browser that asks for what is not its own is guessing.
    return answered.refused === 'not_found' && caller.key.kind === 'publishable'
      ? { became: 'refused' }
      : null;
  }
  if (!('reply' in answered) || answered.replayed) return null;
  return route.outcomeOf?.(answered.reply.body, input.body) ?? null;
}
