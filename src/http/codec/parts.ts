import { z } from 'zod';
import { type Id, isId } from '../../kernel/ids.ts';
import { toRfc3339, type Instant } from '../../kernel/instant.ts';

/** The value without the fields that are undefined: absent and undefined are the same on the wire, not in the types. */
export function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

/** An id of this kind in a path or body. */
export function idOf<Prefix extends string>(prefix: Prefix, what: string) {
  return z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9a-hjkmnp-tv-z]{26}$`))
    .refine((value): value is Id<Prefix> => isId(prefix, value))
    .meta({ description: what, examples: [`${prefix}_01kawk3v7q9k0t5xw7h2m4n6p8`] });
}

export function shownAt(at: Instant): string {
  return toRfc3339(at);
}

export const shownTime = z.string().meta({ format: 'date-time' });

export const nothing = z.strictObject({});

export const metadata = z
  .record(z.string().min(1).max(40), z.string().max(500))
  .refine((entries) => Object.keys(entries).length <= 20, { error: 'has more than 20 entries' })
  .meta({ description: 'Up to 20 entries of the shop’s own; returned, never read.' });
