import { createHash, timingSafeEqual } from 'node:crypto';
import { isInnerList, parseDictionary } from 'structured-headers';

const algorithms = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const;

/** Whether a Content-Digest header (RFC 9530) is of this body: each digest that it names and we know, and one at least. */
export function isDigestOf(header: string, body: Uint8Array): boolean {
  try {
    const told = parseDictionary(header);
    const known = Object.entries(algorithms).filter(([name]) => told.has(name));
    return (
      known.length > 0 &&
      known.every(([name, algorithm]) => {
        const member = told.get(name);
        if (member === undefined || isInnerList(member) || !(member[0] instanceof ArrayBuffer)) return false;
        const digest = createHash(algorithm).update(body).digest();
        const shown = new Uint8Array(member[0]);
        return shown.length === digest.length && timingSafeEqual(shown, digest);
      })
    );
  } catch {
    return false;
  }
}
