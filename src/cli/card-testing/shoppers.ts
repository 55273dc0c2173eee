import { randomUUID } from 'node:crypto';
import { solveChallenge, type Challenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import UserAgent from 'user-agents';
import { z } from 'zod';

/** A person or a bot with a card and a browser. */
export type Shopper = {
  readonly address: string;
  readonly card: string;
  readonly bin: string;
  readonly token: string;
  readonly amount: number;
  readonly email: string;
  /** Whether it solves the challenges that it is asked. */
  readonly solves: boolean;
  readonly patient: boolean;
};

/**
 * - `asked`: the PSP was called, or the visitor let in. `challenged`: left at a challenge. `limited`: over a limit. `blocked`: by the policy.
 * - `shed`: the service was busy. `broken`: anything else, which should not be.
 */
export type End = 'asked' | 'challenged' | 'limited' | 'blocked' | 'shed' | 'broken';

export type Shop = { readonly api: string; readonly secret: string; readonly publishable: string };

const made = z.object({ id: z.string(), client_secret: z.string() });
const confirmed = z.object({ status: z.string(), decline: z.object({}).nullable() });
const problem = z.object({ code: z.string() });
const asked = z.object({ challenge: z.looseObject({}) });

/** Puts one small order together on the shop's server, and tries a card from a browser. */
export async function shop(place: Shop, shopper: Shopper): Promise<End> {
  const { api, secret, publishable } = place;
  const checkout = await post(api, '/v1/checkouts', secret, {
    amount: shopper.amount,
    currency: 'EUR',
    customer: { email: shopper.email },
  });
  if (checkout.status === 503) return 'shed';
  if (checkout.status !== 201) return 'broken';
  const { id, client_secret } = made.parse(checkout.body);
  const { userAgent } = new UserAgent().data;
  const browser = {
    'tillgate-client-secret': client_secret,
    'x-forwarded-for': shopper.address,
    'user-agent': userAgent,
    'accept-language': 'de-DE,de;q=0.9,en;q=0.7',
  };
  const confirm = (more: Record<string, string> = {}) =>
    post(
      api,
      `/v1/checkouts/${id}/confirm`,
      publishable,
      {
        payment_method: shopper.token,
        signals: {
          card: { fingerprint: shopper.card, bin: shopper.bin },
          device: { id: randomUUID() },
          ...(shopper.patient && { behaviour: { form_seconds: 40, pastes: 0 } }),
        },
      },
      { ...browser, ...more },
    );

  let reply = await confirm();
  if (codeOf(reply) === 'challenge_required' && shopper.solves) {
    reply = await confirm({ 'tillgate-challenge-solution': await solution(place, 'confirm', id, browser) });
  }
  if (reply.status !== 200) return endOf(reply);
  const { status, decline } = confirmed.parse(reply.body);
  return status === 'open' && decline === null ? 'blocked' : 'asked';
}

/** How it ended for whom the service did not serve. */
export function endOf({ status }: Reply): End {
  switch (status) {
    case 403:
      return 'challenged';
    case 429:
      return 'limited';
    case 503:
      return 'shed';
    default:
      return 'broken';
  }
}

/** What the browser finds; `subject` is null where there is none yet. */
export async function solution(
  { api, publishable }: Shop,
  purpose: string,
  subject: string | null,
  browser: Readonly<Record<string, string>>,
): Promise<string> {
  const query = new URLSearchParams({ purpose, ...(subject !== null && { subject }) });
  const response = await fetch(`${api}/v1/challenges?${query.toString()}`, {
    headers: { ...browser, authorization: `Bearer ${publishable}` },
  });
  if (!response.ok) return 'none';
  const challenge = asked.parse(await response.json()).challenge as unknown as Challenge;
  const solved = await solveChallenge({ challenge, deriveKey });
  return Buffer.from(JSON.stringify({ challenge, solution: solved })).toString('base64');
}

type Reply = { readonly status: number; readonly body: unknown };

export async function post(
  api: string,
  path: string,
  key: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const response = await fetch(api + path, {
    method: 'POST',
    headers: {
      ...headers,
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

export function codeOf({ status, body }: Reply): string | undefined {
  return status === 403 ? problem.parse(body).code : undefined;
}
