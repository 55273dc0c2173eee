import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { isRecorded, type Recorded } from '../domain/risk/backtest.ts';
import { assessmentEvents } from '../domain/risk/decision.ts';
import type { Store } from '../store/store.ts';

/** Read from the database at a time. */
const pageMax = 500;

/** Recorded assessments out of a file, one JSON document a line, compressed or not. */
export async function* recordingsIn(file: string): AsyncGenerator<Recorded> {
  let number = 0;
  for await (const line of linesOf(file)) {
    number += 1;
    const recorded = recordedIn(line);
    if (recorded === null) throw new RecordingRefused(`${file}:${number}:1: not a recorded assessment`);
    yield recorded;
  }
}

function recordedIn(line: string): Recorded | null {
  try {
    const recorded: unknown = JSON.parse(line);
    return isRecorded(recorded) ? recorded : null;
  } catch {
    return null;
  }
}

/** What an analyst named holds something else. */
export class RecordingRefused extends Error {
  readonly code = 'recording_refused';
}

/** All stored assessments of all merchants, with what is known of them by now; the newest first. */
export async function* storedRecordings({ merchants, assessments }: Store): AsyncGenerator<Recorded> {
  for (const { id } of await merchants.list())
    for (const event of assessmentEvents) {
      let page = await assessments.recorded(id, event, null, pageMax);
      for (; page.length > 0; page = await assessments.recorded(id, event, page.at(-1) ?? null, pageMax))
        yield* page;
    }
}

function linesOf(file: string): AsyncIterable<string> {
  const bytes = createReadStream(file);
  return createInterface({
    input: file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes,
    crlfDelay: Infinity,
  });
}
