import type { AssessmentEvent } from '../domain/risk/decision.ts';
import { featuresOf } from '../domain/risk/features/library.ts';
import { createVocabulary, scoreTerm } from '../domain/risk/policy/vocabulary.ts';
import { termOf } from './evidence.ts';

/** Every name that conditions at an event may use, as a Markdown table; docs/policies.md holds the same, and a test says so. */
export function vocabularyTable(event: AssessmentEvent): string {
  const { terms, personal } = createVocabulary(event, featuresOf(event).map(termOf));
  const rows = [
    ...[scoreTerm, ...terms].map(({ name, type, text }) => [`\`${name}\``, type, text]),
    ...personal.map(({ name, text }) => [`\`${name}\``, 'only in lists', text]),
  ];
  return [
    '| name | type | means, or raises the risk because |',
    '|---|---|---|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
}
