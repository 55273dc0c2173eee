import { z } from 'zod';
import { type Entry, statusOf } from '../../domain/risk/entry.ts';
import type { EntrySubject } from '../../flows/add-entry.ts';
import type { AssessmentId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import { time } from './buyer.ts';
import { idOf, shownAt, shownTime } from './parts.ts';

export const listParams = z.strictObject({
  list: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/)
    .meta({ description: 'The name of the list.', examples: ['blocked-emails'] }),
});

const value = z
  .string()
  .min(1)
  .max(500)
  .meta({ description: 'As a person writes it: it is turned into its pseudonym and not kept.' });
const assessment = idOf('asm', 'Instead: whoever this assessment saw.');
const reason = z.string().min(1).max(500).meta({ description: 'For colleagues, today and in a year.' });
const oneOf = { path: ['assessment'], error: 'either this or the value is needed, not both' };

const listSubject = { value: value.optional(), assessment: assessment.optional() };
const hasOne = (body: { value?: unknown; assessment?: unknown }): boolean =>
  (body.value === undefined) !== (body.assessment === undefined);

export const listEntryBody = z
  .strictObject({
    ...listSubject,
    reason,
    expires_at: time.optional().meta({ description: 'Until then; for ever when absent.' }),
  })
  .refine(hasOne, oneOf)
  .meta({ id: 'AddListEntry' });

export const listEntryFind = z.strictObject(listSubject).refine(hasOne, oneOf).meta({ id: 'FindListEntry' });

export const snoozeBody = z
  .strictObject({
    rule: z
      .string()
      .max(64)
      .meta({
        description: 'The rule that is silent, in every policy that has it.',
        examples: ['blocked-by-list'],
      }),
    customer: value.optional().meta({ description: 'The shop’s own id of the customer.' }),
    assessment: assessment.optional(),
    reason,
    expires_at: time.meta({ description: 'A snooze always ends.', examples: ['2099-12-31T23:59:59Z'] }),
  })
  .refine((body) => hasOne({ value: body.customer, assessment: body.assessment }), oneOf)
  .meta({ id: 'AddSnooze' });

/** What a body that was decoded says about whom it is. */
export function subjectOf(body: {
  readonly value?: string | undefined;
  readonly assessment?: AssessmentId | undefined;
}): EntrySubject {
  return body.assessment === undefined ? { value: body.value ?? '' } : { assessment: body.assessment };
}

const shown = {
  id: z.string(),
  key: z.string().meta({ description: 'The pseudonym of the value, as assessments show it.' }),
  status: z.enum(['active', 'expired', 'removed']),
  reason: z.string(),
  added_by: z.string().meta({ description: 'The API key.' }),
  added_at: shownTime,
  expires_at: shownTime.nullable(),
  removed_by: z.string().nullable(),
  removed_at: shownTime.nullable(),
};
export const entryShown = z.strictObject({ list: z.string(), ...shown }).meta({ id: 'ListEntry' });
export const snoozeShown = z.strictObject({ rule: z.string(), ...shown }).meta({ id: 'Snooze' });

export function toWireEntry(entry: Entry, at: Instant): z.input<typeof entryShown> {
  return { list: entry.name, ...toWireRecord(entry, at) };
}

export function toWireSnooze(entry: Entry, at: Instant): z.input<typeof snoozeShown> {
  return { rule: entry.name, ...toWireRecord(entry, at) };
}

function toWireRecord(entry: Entry, at: Instant) {
  const { id, key, reason, addedBy, addedAt, expiresAt, removed } = entry;
  return {
    id,
    key,
    status: statusOf(entry, at),
    reason,
    added_by: addedBy,
    added_at: shownAt(addedAt),
    expires_at: expiresAt === null ? null : shownAt(expiresAt),
    removed_by: removed?.by ?? null,
    removed_at: removed === null ? null : shownAt(removed.at),
  };
}
