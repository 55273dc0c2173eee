import { isJson, parseJson, textAt, type Json } from './wire.ts';

/**
 * What the browser brings back after a fingerprint or a challenge: base64 JSON that carries the step's token and the
 * outcome (`Y` authenticated, `A` attempted, `N` refused, `R` rejected, `U` unavailable, `I` informational). Tests call
 * it in place of Adyen's web component, whose result has the same shape from outside.
 */
export function threeDSResult(token: string, transStatus = 'Y'): string {
  return Buffer.from(JSON.stringify({ authorisationToken: token, transStatus })).toString('base64');
}

/** What the stand-in's page adds to the return URL: one of the same outcomes, or `cancelled`. */
export function redirectResult(token: string, outcome = 'Y'): string {
  return Buffer.from(JSON.stringify({ authorisationToken: token, transStatus: outcome })).toString(
    'base64url',
  );
}

/** What a shopper brought back; undefined when it is none of the above. */
export type Returned = {
  readonly how: 'fingerprint_or_challenge' | 'redirect';
  readonly token: string;
  readonly transStatus: string;
};

/** Reads the `details` of a request, in each of the ways in which Adyen takes them. */
export function returnedIn(details: Json): Returned | undefined {
  const query = new URLSearchParams(textAt(details, 'returnUrlQueryString')).get('redirectResult') ?? '';
  const redirect = textAt(details, 'redirectResult') || query;
  const native =
    textAt(details, 'threeDSResult') ||
    textAt(details, 'threeds2_fingerprint') ||
    textAt(details, 'threeds2_challengeResult') ||
    textAt(details, 'threeds2.fingerprint') ||
    textAt(details, 'threeds2.challengeResult');
  const result = parseJson(Buffer.from(redirect || native, 'base64').toString());
  if (result === undefined || !isJson(result)) return undefined;
  return {
    how: redirect === '' ? 'fingerprint_or_challenge' : 'redirect',
    token: textAt(result, 'authorisationToken'),
    transStatus: textAt(result, 'transStatus'),
  };
}
