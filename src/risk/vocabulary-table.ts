import { assessmentEvents, type AssessmentEvent } from '../domain/risk/decision.ts';
import { featuresOf } from '../domain/risk/features/library.ts';
import { createVocabulary, scoreTerm } from '../domain/risk/policy/vocabulary.ts';
import { termOf } from './evidence.ts';

/**
 * The names that conditions at these events may use, as a Markdown table. `docs/policy-names.md` holds the whole of it, and
 * a test compares.
 */
export function vocabularyTable(events: readonly AssessmentEvent[] = assessmentEvents): string {
  const rows = new Map<string, { type: string; text: string; at: AssessmentEvent[] }>();
  for (const event of events) {
    const { terms, personal } = createVocabulary(event, featuresOf(event).map(termOf));
    const names = [scoreTerm, ...terms, ...personal.map((term) => ({ ...term, type: 'only in lists' }))];
    for (const { name, type, text } of names) {
      const row = rows.get(name) ?? { type, text, at: [] };
      row.at.push(event);
      rows.set(name, row);
    }
  }
  const at = (where: readonly AssessmentEvent[]): string =>
    where.length === assessmentEvents.length ? 'every event' : where.join(', ');
  return [
    '| name | type | at | means, or raises the risk because |',
    '|---|---|---|---|',
    ...[...rows].map(([name, row]) => `| \`${name}\` | ${row.type} | ${at(row.at)} | ${row.text} |`),
  ].join('\n');
}
