import { isIPv4 } from 'node:net';

/** Whether an IPv4 address is in one of the ranges; undefined for any other address. */
export type Ranges = (ip: string) => boolean | undefined;

/** Reads CIDR ranges, one a line; lines that are none are a fault of the file. */
export function rangesFrom(text: string): Ranges {
  const ranges = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [ip = '', bits = '32'] = line.trim().split('/');
      if (!isIPv4(ip) || !(Number(bits) <= 32)) throw new Error(`not an IPv4 range: ${line}`);
      const first = toNumber(ip);
      return { first, last: first + 2 ** (32 - Number(bits)) - 1 };
    })
    .sort((a, b) => a.first - b.first);
  // A range inside an earlier one would hide the rest of the earlier one from a binary search.
  const merged: { first: number; last: number }[] = [];
  for (const range of ranges) {
    const before = merged.at(-1);
    if (before && range.first <= before.last + 1) before.last = Math.max(before.last, range.last);
    else merged.push(range);
  }
  const firsts = Float64Array.from(merged, ({ first }) => first);
  const lasts = Float64Array.from(merged, ({ last }) => last);

  return (ip) => {
    if (!isIPv4(ip)) return undefined;
    const address = toNumber(ip);
    let low = 0;
    let high = firsts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((firsts[middle] ?? Infinity) <= address) low = middle + 1;
      else high = middle;
    }
    return address <= (lasts[low - 1] ?? -1);
  };
}

function toNumber(ip: string): number {
  return ip.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}
