/** A moment in milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

/** Where the time comes from; passed in, so that a replay can live in 2009. */
export type Clock = () => Instant;

export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** RFC 3339 in UTC, milliseconds always written: `2026-03-01T09:30:00.000Z`. */
export function toRfc3339(instant: Instant): string {
  return new Date(instant).toISOString();
}
