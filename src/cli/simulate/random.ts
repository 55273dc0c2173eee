import { createHash } from 'node:crypto';

/** The one source of everything that is left to chance in a simulation: the same seed, the same draws. */
export type Random = {
  /** True this often, 0…1. */
  readonly chance: (share: number) => boolean;
  /** A whole number, both ends included. */
  readonly between: (least: number, most: number) => number;
  readonly pick: <T>(of: readonly T[]) => T;
  /** One of the values, each as often as its weight says. */
  readonly weighted: <T>(of: readonly (readonly [weight: number, value: T])[]) => T;
  readonly bytes: (count: number) => Uint8Array;
};

/** Chris Doty-Humphrey's sfc32, begun from the SHA-256 of the seed: small, quick, and the same on every machine. */
export function randomFrom(seed: string): Random {
  const hash = createHash('sha256').update(seed).digest();
  let a = hash.readInt32LE(0);
  let b = hash.readInt32LE(4);
  let c = hash.readInt32LE(8);
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  const pick = <T>(of: readonly T[]): T => {
    if (of.length === 0) throw new Error('nothing to pick from');
    return of[Math.floor(next() * of.length)] as T;
  };
  return {
    chance: (share) => next() < share,
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    pick,
    weighted: (of) => {
      let left = next() * of.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, value] of of) {
        left -= weight;
        if (left < 0) return value;
      }
      return pick(of)[1];
    },
    bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(next() * 256)),
  };
}
