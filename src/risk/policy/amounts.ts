import { currencies, decimals, isCurrency, money, type Money } from '../../kernel/money.ts';
import { suggestion } from './mistake.ts';

/** Amounts that a policy names, each in the currencies that the shop sells in. */
export type Amounts = ReadonlyMap<string, ReadonlyMap<unknown, Money>>;

/** `"500.00", "EUR"` in major units with at most the currency's decimals. */
export function parseMoney(
  amount: string | undefined,
  currency: string | undefined,
): Money | { readonly mistake: string; readonly hint: string | null } {
  if (amount === undefined || currency === undefined)
    return {
      mistake: 'money takes an amount and a currency, both in quotes',
      hint: 'write money("500.00", "EUR")',
    };
  if (!isCurrency(currency))
    return {
      mistake: `${currency} is not a currency we take`,
      hint: suggestion(currency.toUpperCase(), currencies),
    };
  const parts = /^(\d{1,15})(?:\.(\d+))?$/.exec(amount);
  const fraction = parts?.[2] ?? '';
  if (parts?.[1] === undefined || fraction.length > decimals(currency))
    return {
      mistake: `${amount} is not an amount of ${currency}`,
      hint: `write digits, a point and at most ${decimals(currency)} decimals`,
    };
  return money(BigInt(parts[1] + fraction.padEnd(decimals(currency), '0')), currency);
}
