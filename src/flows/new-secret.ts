import { createHash, randomBytes } from 'node:crypto';

/** A new secret: 256 random bits behind a prefix that says what it is. */
export function newSecret(prefix: 'sk' | 'pk' | 'cs'): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

/**
 * What is stored of a secret. It has 256 random bits, so it needs no slow hash; and because digests are compared, the
 * time that takes tells nothing about the secret.
 */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
