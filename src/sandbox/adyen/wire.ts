/** A JSON object of which nothing is known yet. */
export type Json = Readonly<Record<string, unknown>>;

/** An amount in Adyen's minor units, which are not ISO's for every currency. */
export type Amount = { readonly value: number; readonly currency: string };

/** What the stand-in answers to one request. */
export type Reply = {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
};

/** The object under a key, or an empty one. */
export function objectAt(json: Json, key: string): Json {
  const value = json[key];
  return isJson(value) ? value : {};
}

/** The text under a key; numbers and booleans are read as text, as Adyen does in `additionalData`; else empty. */
export function textAt(json: Json, key: string): string {
  const value = json[key];
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}

/** The amount under a key; undefined unless it is a whole number from zero and an upper-case currency code. */
export function amountAt(json: Json, key: string): Amount | undefined {
  const { value, currency } = objectAt(json, key);
  const valid =
    Number.isSafeInteger(value) &&
    Number(value) >= 0 &&
    typeof currency === 'string' &&
    /^[A-Z]{3}$/.test(currency);
  return valid ? { value: Number(value), currency } : undefined;
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function parseJson(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function ok(body: unknown, status = 200): Reply {
  return { status, body };
}

/** Adyen's error body. `errorType` is validation, security, configuration or internal. */
export function problem(status: number, errorCode: string, message: string, errorType = 'validation'): Reply {
  return { status, body: { status, errorCode, message, errorType } };
}
