import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import type { ArchivedMonth } from '../../domain/events/archived-month.ts';
import { type ArchiveLine, chained, genesis } from './chain.ts';

/** What a file holds, or the first thing that is wrong with it. */
export type ReadArchive = { readonly events: number; readonly chain: string } | { readonly wrong: string };

/** What is done with each event of an archive, as soon as its place in the chain is right. */
type Use = (body: string) => Promise<unknown>;
const nothing: Use = () => Promise.resolve();

/** Recomputes the chain from `start` on. */
export async function readArchive(path: string, start: string, use = nothing): Promise<ReadArchive> {
  let chain = start;
  let events = 0;
  let ended: { events: number; chain: string } | null = null;
  const input = createReadStream(path);
  const text = input.pipe(createGunzip());
  input.on('error', (error) => text.destroy(error));
  try {
    for await (const row of createInterface({ input: text, crlfDelay: Infinity })) {
      if (ended !== null) return { wrong: `there is something after the end` };
      const line = JSON.parse(row) as ArchiveLine;
      if ('end' in line) ended = line.end;
      else {
        events += 1;
        chain = chained(chain, line.body);
        if (chain !== line.chain) return { wrong: `event ${events} is not what was archived` };
        await use(line.body);
      }
    }
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : 'it cannot be read' };
  }
  if (ended === null) return { wrong: `it ends after ${events} events, without its end` };
  if (ended.events !== events || ended.chain !== chain) return { wrong: 'its end is not that of its events' };
  return { events, chain };
}

/**
 * Holds the files of an archive against each other and against what the database recorded when it let go of them: a file
 * that somebody wrote anew, chain and all, still ends with another hash. Answers everything that is wrong; only when that is
 * nothing may be believed what was used.
 */
export async function verifyArchive(
  dir: string,
  recorded: readonly ArchivedMonth[],
  use = nothing,
): Promise<string[]> {
  const wrong: string[] = [];
  let before = genesis;
  for (const { file, events, start, end } of recorded) {
    if (start !== before) wrong.push(`${file}: does not continue the file before it`);
    const found = await readArchive(join(dir, file), start, use);
    if ('wrong' in found) wrong.push(`${file}: ${found.wrong}`);
    else if (found.chain !== end || found.events !== events)
      wrong.push(`${file}: is not the file that was archived`);
    before = end;
  }
  return wrong;
}
