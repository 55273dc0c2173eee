import { minuteMs, type Instant } from '../../kernel/instant.ts';
import type { ApiKey } from '../../domain/merchant.ts';
import type { NewRequest } from '../../domain/request.ts';
import type { Once } from '../challenge/challenge.ts';
import type { Problem } from '../problem.ts';
import { isDigestOf } from './content-digest.ts';
import { type SignedRequest, readSignature } from './message-signature.ts';

/** What must be signed, each of it or its one equal: with less, a signature would hold for another refund. */
const covered = [['@method'], ['@target-uri', '@path'], ['content-digest'], ['idempotency-key']] as const;

/** How far the signer's clock may be from ours, either way; the signatures of an hour ago are not replayed. */
const toleranceMs = 5 * minuteMs;

/**
 * Refuses a request that its key says is to be signed (RFC 9421) and is not, or not so that it names this one request.
 * Null: it may go on. A signature by a key that has registered none is refused too, because its sender believes that
 * somebody looks at it.
 *
 * A copy of a signed request has its Idempotency-Key too and is given the first reply: `once` is there for the signer
 * who uses a nonce for two requests.
 */
export async function refuseUnsigned(
  shown: SignedRequest & { readonly body: Uint8Array; readonly request: NewRequest },
  { id, signatureKey }: ApiKey,
  { now, once }: { readonly now: Instant; readonly once: Once },
): Promise<Problem | null> {
  const isSigned = shown.header('signature') !== undefined || shown.header('signature-input') !== undefined;
  if (signatureKey === null) return isSigned ? invalid('The API key has no signature key.') : null;
  if (!isSigned) {
    const components = covered.map(([first]) => `"${first}"`).join(' ');
    const wanted = `sig=(${components});created;nonce;keyid="${id}";alg="ed25519"`;
    return { code: 'signature_required', headers: { 'accept-signature': wanted } };
  }
  const signature = readSignature(shown);
  if (signature === null) return invalid('There is not one signature that can be read.');
  const missing = covered.find((equals) => !equals.some((each) => signature.components.includes(each)));
  if (missing !== undefined) return invalid(`The signature does not cover ${missing.join(' or ')}.`);

  const { keyid, alg, created, expires, nonce } = Object.fromEntries(signature.parameters);
  if (keyid !== id) return invalid('The keyid is not the id of the API key.');
  if (alg !== undefined && alg !== 'ed25519') return invalid('The algorithm is not ed25519.');
  if (typeof created !== 'number' || Math.abs(now - created * 1000) > toleranceMs)
    return invalid('The signature was not created within five minutes.');
  if (expires !== undefined && !(typeof expires === 'number' && expires * 1000 > now))
    return invalid('The signature has expired.');
  if (typeof nonce !== 'string' || nonce === '' || nonce.length > 128)
    return invalid('The signature has no nonce.');
  if (!isDigestOf(shown.header('content-digest') ?? '', shown.body))
    return invalid('The Content-Digest is not that of the body.');
  if (!signature.isBy(signatureKey)) return invalid('The signature is not that of the registered key.');
  // Judged last: until then these are only words of the caller.
  const { scope, rawDigest } = shown.request;
  if (!(await once(`nonce:${id}:${nonce}`, `${scope} ${rawDigest}`, 2 * toleranceMs)))
    return invalid('The nonce was used for another request.');
  return null;
}

function invalid(detail: string): Problem {
  return { code: 'signature_invalid', detail };
}
