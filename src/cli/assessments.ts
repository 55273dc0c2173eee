import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { Assessment } from '../domain/risk/assessment.ts';
import { library } from '../domain/risk/features/library.ts';
import { loadGeneration } from '../risk/generation.ts';
import { replayAssessment } from '../risk/replay-assessment.ts';
import { featureHash } from '../risk/signals/feature-hash.ts';

/** `npm run assessments -- replay ID --from NDJSON`: draws the conclusion of a stored assessment again, bit for bit. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    policies: { type: 'string', default: 'policies' },
    models: { type: 'string', default: 'models' },
    from: { type: 'string' },
  },
});
const [command, id] = positionals;
if (command !== 'replay' || id === undefined || values.from === undefined) {
  console.error('usage: assessments replay ID --from NDJSON [--policies DIR] [--models DIR]');
  process.exit(2);
}

const stored = await find(values.from, id);
if (stored === null) {
  console.error(`there is no assessment ${id} in ${values.from}`);
  process.exit(1);
}
const { deciders } = await loadGeneration(values);
const own = deciders.get(stored.event);
if (own === undefined) throw new Error(`there is no policy for ${stored.event}`);
const replay = await replayAssessment(stored, {
  deciders: own,
  featuresHash: featureHash(library),
});
console.log(JSON.stringify({ id, ...replay }));
process.exitCode = replay.replayed === 'same' ? 0 : 1;

async function find(file: string, wanted: string): Promise<Assessment | null> {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const stored = JSON.parse(line) as Assessment;
    if (stored.id === wanted) return stored;
  }
  return null;
}
