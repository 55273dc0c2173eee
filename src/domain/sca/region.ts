import type { Currency } from '../../kernel/money.ts';

/** Whose law asks for strong customer authentication: the EEA's (PSD2), the UK's, or nobody's. */
export type Region = 'eea' | 'uk' | 'other';

/** The 27 members of the EU, and Iceland, Liechtenstein and Norway. */
const eea = 'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK';

/** Where the issuer is. Of an unknown issuer the currency is the best guess, and a wrong one costs a challenge at most. */
export function regionOf(country: string | undefined, currency: Currency): Region {
  if (country === undefined)
    return currency === ('EUR' as string) ? 'eea' : currency === ('GBP' as string) ? 'uk' : 'other';
  if (country === 'GB') return 'uk';
  return eea.split(' ').includes(country) ? 'eea' : 'other';
}
