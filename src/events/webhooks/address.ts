import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import type { LookupFunction } from 'node:net';

/**
 * Everything that is not the public internet. A name may resolve to anything, so the addresses are looked at where the
 * connection is made: what was checked is what is connected to, and a name that changes in between gains nothing.
 * Source: IANA special-purpose address registries (2025), in which v4-mapped, 6to4, NAT64 and Teredo lead back to v4.
 */
const refused = new BlockList();
for (const range of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]) {
  const [net = '', bits = ''] = range.split('/');
  refused.addSubnet(net, Number(bits), 'ipv4');
}
/** Global unicast is all there is; within it some ranges lead elsewhere. */
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');
for (const range of ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']) {
  const [net = '', bits = ''] = range.split('/');
  refused.addSubnet(net, Number(bits), 'ipv6');
}

export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  const name = family === 4 ? 'ipv4' : 'ipv6';
  return (family === 4 || global6.check(address, name)) && !refused.check(address, name);
}

/** Whether a loopback address may be called: for tests and for shops on the same machine, by explicit setting. */
export type Allowed = { readonly loopback: boolean };

function isAllowed(address: string, { loopback }: Allowed): boolean {
  return isPublicAddress(address) || (loopback && /^(127\.\d+\.\d+\.\d+|::1)$/.test(address));
}

/** The name or address in a URL, without the brackets of IPv6. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

/** The usual ports of HTTPS: others are databases and caches that can be made to answer. */
const ports = ['', '443', '8443'];

/**
 * Why a URL is no place for webhooks; null when it may be. The parser has already turned decimal, octal and hexadecimal
 * spellings of an address into the usual one.
 */
export function whyNotCallable(text: string, allowed: Allowed): string | null {
  if (!URL.canParse(text)) return 'is not a URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'contains a user name or password';
  const host = hostOf(url);
  if (isIP(host) !== 0 && !isAllowed(host, allowed)) return 'names an address that is not public';
  const local = allowed.loopback && (host === 'localhost' || (isIP(host) !== 0 && !isPublicAddress(host)));
  if (local) return url.protocol === 'http:' || url.protocol === 'https:' ? null : 'is not an http URL';
  if (url.protocol !== 'https:') return 'is not an https URL';
  if (!ports.includes(url.port)) return 'names a port other than 443 and 8443';
  if (isIP(host) === 0 && !host.includes('.')) return 'names a host without a domain';
  return null;
}

/** The system's resolver, or one that a test can make lie. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Resolves a name once and lets the connection be made to an address that was looked at, or not at all. */
export function publicLookup(allowed: Allowed, resolve: Resolve = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '', 0);
        return;
      }
      const [first] = addresses;
      const forbidden = addresses.find(({ address }) => !isAllowed(address, allowed));
      if (first === undefined || forbidden !== undefined) {
        callback(new AddressRefused(`${hostname} does not lead to a public address`), '', 0);
      } else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
  readonly code = 'EADDRREFUSED';
}
