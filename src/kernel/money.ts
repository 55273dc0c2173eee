/** An amount of one currency: whole minor units by ISO 4217 (cents, yen, fils) and the three-letter code. */
export type Money = { readonly amount: bigint; readonly currency: Currency };

/** An upper-case ISO 4217 code that this service takes payments in. */
export type Currency = string & { readonly currency: unique symbol };

/** How many decimals the currency's minor unit has; currencies not named here have two. Source: ISO 4217. */
const decimalsOf: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' ').map((code) => [code, 0]),
  ),
  ...Object.fromEntries('BHD IQD JOD KWD LYD OMR TND'.split(' ').map((code) => [code, 3])),
};

/** The currencies that both PSPs settle in. */
const twoDecimals =
  'AED ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CHF CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD STN SZL THB TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD YER ZAR ZMW';

/** Every currency that can be used, in alphabetical order. */
export const currencies: readonly Currency[] = [
  ...twoDecimals.split(' '),
  ...Object.keys(decimalsOf),
].sort() as Currency[];

const known: ReadonlySet<string> = new Set(currencies);

export function isCurrency(code: string): code is Currency {
  return known.has(code);
}

/** The number of decimals of the currency's minor unit: 0, 2 or 3. */
export function decimals(currency: Currency): number {
  return decimalsOf[currency] ?? 2;
}

export function money(amount: bigint, currency: Currency): Money {
  return { amount, currency };
}

export function sameMoney(a: Money, b: Money): boolean {
  return a.amount === b.amount && a.currency === b.currency;
}
