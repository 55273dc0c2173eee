import type { ProblemEntry } from './problem-entry.ts';
import { refusalCatalogue } from './refusal-catalogue.ts';

const entry = (status: number, title: string, explanation: string): ProblemEntry => ({
  status,
  title,
  explanation,
});

/**
 * Every code this service can answer with, in the order of the documentation. Codes are a promise: one is never
 * renamed or given another status, a new meaning gets a new code. `docs/problems.md` is generated from this table.
 */
export const problemCatalogue = {
  body_required: entry(400, 'The body is missing', 'This call needs a JSON body and came without one.'),
  body_incomplete: entry(
    400,
    'The body ended early or late',
    'The number of bytes received is not the number that Content-Length announced, or the client hung up.',
  ),
  body_too_large: entry(
    413,
    'The body is too large',
    'The body is longer than this call takes: 32 kB for the API, 256 kB for webhooks.',
  ),
  content_type_refused: entry(
    415,
    'The content type is not JSON',
    'Bodies are application/json in UTF-8; any other Content-Type or charset is refused, never guessed.',
  ),
  content_encoding_refused: entry(
    415,
    'Compressed bodies are not taken',
    'Content-Encoding must be absent or identity: a small compressed body can unpack to gigabytes.',
  ),
  json_malformed: entry(400, 'The body is not JSON', 'The body breaks the grammar of RFC 8259.'),
  json_not_utf8: entry(
    400,
    'The body is not UTF-8',
    'JSON between systems is UTF-8 (RFC 8259, section 8.1).',
  ),
  json_byte_order_mark: entry(
    400,
    'The body begins with a byte order mark',
    'RFC 8259 forbids a byte order mark, and parsers disagree about what to do with one.',
  ),
  json_duplicate_key: entry(
    400,
    'A key appears twice',
    'Parsers disagree about which of two equal keys counts, so an object that has them is refused.',
  ),
  json_key_refused: entry(
    400,
    'A key is not allowed',
    'The keys `__proto__`, `constructor` and `prototype` are refused wherever they stand.',
  ),
  json_number_inexact: entry(
    400,
    'A number does not survive',
    'The number would change its value when read as a 64-bit floating point number, such as 1e400 or -0.',
  ),
  json_text_refused: entry(
    400,
    'A text is not allowed',
    'Texts and keys may not contain NUL or half of a surrogate pair: databases and signatures disagree about them.',
  ),
  json_too_deep: entry(400, 'The body is nested too deeply', 'Arrays and objects nest to 16 levels at most.'),
  json_too_large: entry(
    400,
    'The body has too many members',
    'All arrays and objects of a body together have 1,000 members at most.',
  ),
  url_malformed: entry(
    400,
    'The address is malformed',
    'The path or the query is not valid percent-encoded UTF-8.',
  ),
  parameter_repeated: entry(
    400,
    'A query parameter is repeated',
    'Each query parameter may be given once: systems disagree about which of two counts.',
  ),
  parameter_unknown: entry(
    400,
    'A query parameter is unknown',
    'This call does not know the parameter; a misspelt filter would otherwise be ignored in silence.',
  ),
  input_invalid: entry(
    422,
    'The input is not valid',
    'The body is JSON, but not what this call takes; `errors` points at each place that is wrong.',
  ),
  card_number_refused: entry(
    422,
    'A card number was sent',
    'Something that looks like a card number came with the request; it was neither stored nor logged. Send a token.',
  ),
  authentication_required: entry(
    401,
    'Who is calling?',
    'The call needs an API key, and came with none or with one that is wrong, expired or revoked.',
  ),
  signature_required: entry(
    401,
    'The call must be signed',
    'The API key takes this call only with an HTTP message signature (RFC 9421); Accept-Signature says what it covers.',
  ),
  signature_invalid: entry(
    401,
    'The signature does not hold',
    'The HTTP message signature is wrong, too old, covers too little, or was made for another request.',
  ),
  permission_denied: entry(
    403,
    'The key may not do this',
    'The API key is valid and lacks the scope of this call.',
  ),
  idempotency_key_missing: entry(
    400,
    'The Idempotency-Key is missing',
    'A call that moves money needs an Idempotency-Key header, so that repeating it is safe.',
  ),
  idempotency_key_malformed: entry(
    400,
    'The Idempotency-Key is malformed',
    'The key has 1 to 255 visible ASCII characters, bare or in double quotes.',
  ),
  challenge_failed: entry(
    403,
    'The proof does not hold',
    'The solution of the challenge is wrong, expired, made for another purpose or already used.',
  ),
  method_not_allowed: entry(405, 'The method is not allowed', 'The route exists, but not with this method.'),
  quota_exceeded: entry(
    429,
    'Too many requests',
    'A limit is used up; wait as long as Retry-After says. RateLimit names the limit.',
  ),
  overloaded: entry(
    503,
    'The service is busy',
    'The service sheds load and did nothing; repeat the call after Retry-After with the same idempotency key.',
  ),
  unavailable: entry(
    503,
    'A part is away',
    'Something this call needs is not available; repeat the call after Retry-After with the same idempotency key.',
  ),
  internal: entry(
    500,
    'Something broke',
    'A fault in this service; it is logged under the request id. The call may be repeated with its idempotency key.',
  ),
  ...refusalCatalogue,
} as const satisfies Readonly<Record<string, ProblemEntry>>;

export type ProblemCode = keyof typeof problemCatalogue;
