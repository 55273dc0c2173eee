import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import { isbot } from 'isbot';
import { Reader, type CountryResponse } from 'mmdb-lib';
import { rangesFrom } from './ranges.ts';

/** What the world knows of domains, addresses and browsers. Every answer is undefined where the data is missing. */
export type Reference = {
  readonly isDisposable: (domain: string) => boolean | undefined;
  readonly isFree: (domain: string) => boolean | undefined;
  readonly isBot: (userAgent: string) => boolean;
  readonly isDatacenter: (ip: string) => boolean | undefined;
  readonly isVpn: (ip: string) => boolean | undefined;
  /** ISO 3166-1 alpha-2 of an IPv4 or IPv6 address. */
  readonly countryOf: (ip: string) => string | undefined;
  readonly countriesOfZone: (zone: string) => readonly string[] | undefined;
  /** Part → its version, or `missing`; written into every assessment. */
  readonly versions: Readonly<Record<string, string>>;
  /** The parts that could not be read; their facts are unknown and assessments say `reference_data_missing`. */
  readonly missing: readonly string[];
};

/** Where packages are installed; a test passes one in which some are not. */
type Installed = Pick<NodeJS.Require, 'resolve'>;

/** Reads everything from the installed packages and this folder: a third of a second and 40 MB, once. */
export function referenceData(find: Installed = createRequire(import.meta.url)): Reference {
  const versions: Record<string, string> = {};
  /** A part that cannot be read is named and left out: a lesser answer is better than none. */
  const part = <T>(
    name: string,
    read: () => { readonly version: string; readonly data: T },
  ): T | undefined => {
    try {
      const { version, data } = read();
      versions[name] = version;
      return data;
    } catch {
      versions[name] = 'missing';
      return undefined;
    }
  };
  const domains = (name: string, file: string): ReadonlySet<string> | undefined =>
    part(name, () => ({
      version: versionOf(find, name),
      data: new Set(JSON.parse(readFileSync(find.resolve(`${name}/${file}`), 'utf8')) as string[]),
    }));
  const ranges = (name: string) =>
    part(name, () => {
      const text = gunzipSync(readFileSync(new URL(`ip-ranges/${name}-ipv4.txt.gz`, import.meta.url)));
      return {
        version: createHash('sha256').update(text).digest('hex').slice(0, 12),
        data: rangesFrom(text.toString()),
      };
    });

  const disposable = domains('disposable-email-domains', 'index.json');
  const free = domains('email-providers', 'common.json');
  const datacenter = ranges('datacenter');
  const vpn = ranges('vpn');
  const countriesPackage = '@ip-location-db/geo-whois-asn-country-mmdb';
  const countries = part(countriesPackage, () => ({
    version: versionOf(find, countriesPackage),
    data: new Reader<CountryResponse & { readonly country_code?: string }>(
      readFileSync(find.resolve(`${countriesPackage}/geo-whois-asn-country.mmdb`)),
    ),
  }));
  versions['isbot'] = versionOf(find, 'isbot');
  // Before anybody waits: it takes a tenth of a second.
  const zones = zoneCountries();

  return {
    isDisposable: (domain) => disposable?.has(domain),
    isFree: (domain) => free?.has(domain),
    isBot: isbot,
    isDatacenter: (ip) => datacenter?.(ip),
    isVpn: (ip) => vpn?.(ip),
    countryOf: (ip) => countries?.get(ip)?.country_code,
    countriesOfZone: (zone) => zones.get(zone),
    versions,
    missing: Object.keys(versions).filter((name) => versions[name] === 'missing'),
  };
}

function versionOf(find: Installed, name: string): string {
  // Not every package exports its package.json; the folder of what it does export has one.
  const folder = find.resolve.paths(name)?.map((path) => `${path}/${name}/package.json`) ?? [];
  for (const file of folder) {
    try {
      return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
    } catch {
      continue;
    }
  }
  throw new Error(`${name} is not installed`);
}

/** Zone → countries, from the engine's own table. */
function zoneCountries(): ReadonlyMap<string, readonly string[]> {
  const zones = new Map<string, string[]>();
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  // Asking for a zone costs half a millisecond, asking whether there is such a country nothing.
  const countries = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  for (const first of letters)
    for (const second of letters) {
      if (countries.of(first + second) === undefined) continue;
      const locale = new Intl.Locale(`und-${first}${second}`) as Intl.Locale & {
        getTimeZones?: () => string[];
      };
      for (const zone of locale.getTimeZones?.() ?? [])
        zones.set(zone, [...(zones.get(zone) ?? []), first + second]);
    }
  return zones;
}
