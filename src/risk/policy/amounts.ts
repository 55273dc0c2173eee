import { currencies, decimals, isCurrency, money, type Currency, type Money } from '../../kernel/money.ts';
import { suggestion } from './mistake.ts';
import type { Place, YamlFile } from './yaml-file.ts';

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

/** `large: { EUR: "500.00", GBP: "430.00" }` */
export function readAmounts(file: YamlFile, place: Place | undefined): Amounts {
  const amounts = new Map<string, ReadonlyMap<string, Money>>();
  for (const entry of place ? file.entries(place, '`amounts`') : []) {
    const limits = new Map<Currency, Money>();
    for (const limit of file.entries(entry, 'an amount')) {
      const parsed = parseMoney(file.text(limit, `the amount of ${limit.key} (in quotes)`), limit.key);
      if (!('mistake' in parsed)) limits.set(parsed.currency, parsed);
      else file.report(limit.offset, parsed.mistake, parsed.hint);
    }
    amounts.set(entry.key, limits);
  }
  return amounts;
}
