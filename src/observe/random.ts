import { randomFillSync } from 'node:crypto';

/** Asking the system once for many bytes costs as much as once for ten, and a checkout makes fifteen ids. */
const poolBytes = 4096;

/** Makes the source of random bytes that ids are made from. Bytes are handed out once. */
export function randomSource(): (bytes: number) => Uint8Array {
  const pool = Buffer.alloc(poolBytes);
  let used = poolBytes;
  return (bytes) => {
    if (used + bytes > poolBytes) {
      randomFillSync(pool);
      used = 0;
    }
    used += bytes;
    return pool.subarray(used - bytes, used);
  };
}
