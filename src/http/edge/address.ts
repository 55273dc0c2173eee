import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { isId, type NewId, type RequestId } from '../../kernel/ids.ts';

export type ReadAddress = (request: IncomingMessage) => string;

/**
 * Makes the function that says where a request comes from. `trustedProxies` are addresses or CIDR blocks, none by
 * default, and then the answer is the peer of the connection. X-Forwarded-For is read from the right, and only as
 * long as whoever wrote the entry is trusted: what a client writes into it itself is never believed.
 */
export function addressReader(trustedProxies: readonly string[] = []): ReadAddress {
  const trusted = blockListOf(trustedProxies);
  const isTrusted = (address: string): boolean =>
    isIP(address) !== 0 && trusted.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  const none = trustedProxies.length === 0;

  return ({ socket, headers }) => {
    let address = plain(socket.remoteAddress ?? '');
    const forwarded = headers['x-forwarded-for'];
    if (none || forwarded === undefined || !isTrusted(address)) return address;
    for (const entry of String(forwarded).split(',').reverse()) {
      const next = plain(entry.trim());
      // A trusted proxy that wrote nonsense has told us nothing: the proxy itself stays the address.
      if (isIP(next) === 0) return address;
      address = next;
      if (!isTrusted(address)) return address;
    }
    return address;
  };
}

/** Addresses and CIDR blocks as one set. Throws when one of them is neither. */
export function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    list.addSubnet(address, bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits), family);
  }
  return list;
}

/** ::ffff:192.0.2.1 and 192.0.2.1 are one address and must share one limit; so must both cases of an IPv6 address. */
export function plain(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped ?? address.toLowerCase().replace(/%.*$/, '');
}

/** The network an address belongs to: /24 of IPv4, /48 of IPv6, which is what one customer is given. */
export function networkOf(address: string): string {
  if (isIPv4(address)) return `${address.slice(0, address.lastIndexOf('.'))}.0/24`;
  return `${groupsOf(address).slice(0, 3).join(':')}::/48`;
}

/** What a client cannot leave by itself: its IPv4 address, or the /64 of its IPv6 address, all of which is its own. */
export function hostOf(address: string): string {
  return isIPv4(address) ? address : `${groupsOf(address).slice(0, 4).join(':')}::/64`;
}

/** The eight groups of an IPv6 address, `::` filled in, without leading zeros. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const end = tail === '' ? [] : tail.split(':');
    while (groups.length + end.length < 8) groups.push('0');
    groups.push(...end);
  }
  return groups.map((group) => group.replace(/^0+(?=.)/, ''));
}

/** The caller's id when it is one that this service could have made, else a new one: it goes into logs and answers. */
export function requestId(request: IncomingMessage, newId: NewId): RequestId {
  const given = request.headers['request-id'];
  return typeof given === 'string' && isId('req', given) ? given : newId('req');
}
