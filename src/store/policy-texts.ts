import { z } from 'zod';
import { assessmentEvents } from '../domain/risk/decision.ts';
import type { PolicyText } from '../domain/risk/policy/policy.ts';
import type { Database } from './database.ts';
import { written } from './rows/columns.ts';
import { raw, sql } from './sql.ts';

const row = z.object({
  hash: z.string(),
  event: z.enum(assessmentEvents),
  source: z.string(),
  lists: written<PolicyText['lists']>(),
});

/** Of the table `policies`, called `p`. */
export const textColumns = raw('p.hash, p.event, p.source, p.lists');

export function fromTextRow(found: unknown): PolicyText {
  return row.parse(found);
}

/** Keeps a text that an assessment may name. */
export async function keepText(
  database: Database,
  { hash, event, source, lists }: PolicyText,
): Promise<void> {
  await database.rows(sql`insert into policies (hash, event, source, lists)
    values (${hash}, ${event}, ${source}, ${JSON.stringify(lists)}) on conflict (hash) do nothing`);
}
