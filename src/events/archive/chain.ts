import { createHash } from 'node:crypto';

/** The first file of an archive continues this. */
export const genesis = '0'.repeat(64);

/** Each line's hash covers the line before, so that nothing can be changed, left out or put in without changing the end. */
export function chained(before: string, body: string): string {
  return createHash('sha256').update(before).update(body).digest('hex');
}

/** An archive is NDJSON: a line for each event, then the end. `body` is the envelope as sinks got it, byte for byte. */
export type ArchiveLine =
  | { readonly chain: string; readonly body: string }
  | { readonly end: { readonly events: number; readonly chain: string } };
