import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Assessment } from '../domain/risk/assessment.ts';
import { library } from '../domain/risk/features/library.ts';
import type { PolicyText } from '../domain/risk/policy/policy.ts';
import { isId } from '../kernel/ids.ts';
import { loadGeneration } from '../risk/generation.ts';
import { replayAssessment } from '../risk/replay-assessment.ts';
import { featureHash } from '../risk/signals/feature-hash.ts';
import { storedDeciders } from '../risk/stored-deciders.ts';
import { databaseOptions, databaseUrl, withStore } from './database.ts';
import { readArguments } from './arguments.ts';

/** `npm run assessments -- replay ID`: draws the conclusion of a stored assessment again, bit for bit. */
const usage = `usage: assessments replay asm_… [--database URL | --from NDJSON] [--policies DIR] [--models DIR]
without --database: DATABASE_URL, or the embedded PostgreSQL of a running npm start (--data .tillgate)`;

const { values, positionals } = readArguments(
  {
    allowPositionals: true,
    options: {
      policies: { type: 'string', default: 'policies' },
      models: { type: 'string', default: 'models' },
      from: { type: 'string' },
      ...databaseOptions,
    },
  },
  usage,
);
const [command, id] = positionals;
const url = values.from === undefined ? databaseUrl(values) : null;
if (command !== 'replay' || id === undefined || !isId('asm', id) || (values.from ?? url) === null) {
  console.error(usage);
  process.exit(2);
}

process.exitCode = await (url === null
  ? replay(await findIn(values.from ?? '', id), () => Promise.resolve(null))
  : withStore(url, async ({ assessments, policies }) =>
      replay(await assessments.findAnywhere(id), policies.find),
    ));

async function replay(
  stored: Assessment | null,
  findText: (hash: string) => Promise<PolicyText | null>,
): Promise<number> {
  if (stored === null) {
    console.error(`there is no assessment ${String(id)}`);
    return 1;
  }
  const generation = await loadGeneration(values);
  const result = await replayAssessment(stored, {
    deciders: await storedDeciders(stored, generation, findText),
    featuresHash: featureHash(library),
  });
  console.log(JSON.stringify({ id: stored.id, ...result }));
  return result.replayed === 'same' ? 0 : 1;
}

async function findIn(file: string, wanted: string): Promise<Assessment | null> {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const stored = JSON.parse(line) as Assessment;
    if (stored.id === wanted) return stored;
  }
  return null;
}
