import type { Recorded } from '../domain/risk/backtest.ts';
import { assessmentEvents } from '../domain/risk/decision.ts';
import { ModelRefused } from '../risk/model/files.ts';
import { vocabularyTable } from '../risk/vocabulary-table.ts';
import { databaseOptions, databaseUrl, withStore } from './database.ts';
import { importList } from './import-list.ts';
import { backtest, diff } from './policy-backtest.ts';
import { check, test, type Outcome } from './policy-check.ts';
import { RecordingRefused, recordingsIn, storedRecordings } from './recordings.ts';
import { readArguments } from './arguments.ts';

/**
 * `npm run policy -- check|test|diff|backtest|explain|import-list`: see docs/policies.md. Every command but explain ends with one JSON
 * line and exits 1 when what it checks does not hold.
 */
const usage = `usage:
  policy check [FILE…]                                     every mistake of the policies, with its place
  policy test [FILE…]                                      the examples beside the policies
  policy backtest --policy FILE                            what a policy would have decided
  policy diff BEFORE AFTER                                 where two policies decide differently
  policy explain [${assessmentEvents.join('|')}]  the names that conditions may use
  policy import-list LIST CSV --api URL --key SK --reason WHY   puts values on a list: value[,expires_at[,reason]]
backtest and diff read what was recorded: --assessments NDJSON, or --database URL; without either DATABASE_URL, or the
embedded PostgreSQL of a running npm start (--data .tillgate)
options: --policies DIR (policies), --models DIR (models), --show N (flips to list)`;

const { values, positionals } = readArguments(
  {
    allowPositionals: true,
    options: {
      policies: { type: 'string', default: 'policies' },
      models: { type: 'string', default: 'models' },
      policy: { type: 'string' },
      assessments: { type: 'string' },
      ...databaseOptions,
      api: { type: 'string' },
      key: { type: 'string' },
      reason: { type: 'string' },
      show: { type: 'string', default: '10' },
    },
  },
  usage,
);
const [command, ...files] = positionals;
const { assessments, policy } = values;
const show = Number(values.show);

const outcome = await run().catch((cause: unknown): Outcome => {
  const said = whatIsWrong(cause);
  if (said === null) throw cause;
  return { lines: [said], holds: false };
});
if (outcome === null) {
  console.error(usage);
  process.exitCode = 2;
} else {
  for (const line of outcome.lines) console.log(line);
  if (outcome.summary) console.log(JSON.stringify(outcome.summary));
  process.exitCode = outcome.holds ? 0 : 1;
}

/** A model or a file that an analyst named and that is no good is told in a line; anything else is a fault of ours. */
function whatIsWrong(cause: unknown): string | null {
  if (cause instanceof ModelRefused || cause instanceof RecordingRefused) return cause.message;
  const isFile = cause instanceof Error && 'path' in cause && 'syscall' in cause;
  return isFile ? `${String(cause.path)}:1:1: it cannot be read: ${cause.message.replace(/,.*$/, '')}` : null;
}

async function run(): Promise<Outcome | null> {
  switch (command) {
    case 'check':
      return check(values, files);
    case 'test':
      return test(values, files);
    case 'backtest':
      return policy ? onRecordings((recordings) => backtest(values, policy, recordings, show)) : null;
    case 'diff': {
      const [before, after] = files;
      return before && after
        ? onRecordings((recordings) => diff(values, [before, after], recordings, show))
        : null;
    }
    case 'explain': {
      const event = assessmentEvents.find((one) => one === files[0]);
      return files[0] && !event ? null : { lines: [vocabularyTable(event && [event])], holds: true };
    }
    case 'import-list': {
      const [list, file] = files;
      const { api, key, reason } = values;
      return list && file && api && key && reason ? importList(list, file, { api, key, reason }) : null;
    }
    default:
      return null;
  }
}

/** Null when there is nowhere to read from. */
async function onRecordings(
  work: (recordings: AsyncIterable<Recorded>) => Promise<Outcome>,
): Promise<Outcome | null> {
  if (assessments !== undefined) return work(recordingsIn(assessments));
  const url = databaseUrl(values);
  return url === null ? null : withStore(url, (store) => work(storedRecordings(store)));
}
