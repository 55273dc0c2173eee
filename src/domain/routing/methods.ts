import type { PspName } from '../payment/attempt.ts';

/** The buyer's payment method as each PSP knows it. A token is worth nothing at another PSP. */
export type Methods = Readonly<Partial<Record<PspName, string>>>;

/** Whose token a single one is. Stripe's begin with what they name; Adyen's are a bare id or its component's JSON. */
export function methodsOf(token: string): Methods {
  return /^(pm|card|src|tok)_/.test(token) ? { stripe: token } : { adyen: token };
}
