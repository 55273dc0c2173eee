import { appendFileSync, createReadStream, existsSync, mkdirSync, statSync, truncateSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';

type LedgerFile = {
  append(record: unknown): void;
  /** Waits until everything appended so far is in the file. */
  close(): Promise<void>;
};

/** Writing in batches keeps answers fast; a kill -9 may lose this much. A stand-in can afford that, a PSP could not. */
const flushMs = 50;

/**
 * Reads every record of an NDJSON file in order, then keeps it open for appending. Without a path nothing is kept.
 * A last line that a kill cut short is dropped.
 */
export async function openLedgerFile(
  path: string | undefined,
  each: (record: unknown) => void,
): Promise<LedgerFile> {
  if (path === undefined) return { append: () => undefined, close: () => Promise.resolve() };
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path)) await replay(path, each);
  const file = await open(path, 'a');
  let lines: string[] = [];
  let writing = Promise.resolve();
  const flush = () => {
    if (lines.length === 0) return;
    const batch = lines.join('');
    lines = [];
    writing = writing.then(async () => {
      await file.appendFile(batch);
    });
  };
  const timer = setInterval(flush, flushMs);
  return {
    append: (record) => {
      lines.push(`${JSON.stringify(record)}\n`);
    },
    close: async () => {
      clearInterval(timer);
      flush();
      await writing;
      await file.close();
    },
  };
}

async function replay(path: string, each: (record: unknown) => void): Promise<void> {
  let whole = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    let record: unknown;
    try {
      record = JSON.parse(line);
    } catch {
      break;
    }
    each(record);
    whole += Buffer.byteLength(line) + 1;
  }
  // The newline after the last record may be what the kill cut off.
  if (whole > statSync(path).size) appendFileSync(path, '\n');
  else truncateSync(path, whole);
}
