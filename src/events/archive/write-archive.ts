import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Archive } from '../sink.ts';
import { type ArchiveLine, chained, genesis } from './chain.ts';
import { readArchive } from './verify-archive.ts';

/**
 * Files of compressed NDJSON in a folder. A file gets its name only when it is whole, on disk and read back: a full disk
 * leaves nothing behind but the fault, and the month stays where it is.
 */
export function folderArchive(dir: string): Archive {
  return {
    write: async (month, after, bodies) => {
      await mkdir(dir, { recursive: true });
      const file = `${month}.ndjson.gz`;
      const part = join(dir, `${file}.part`);
      const start = after ?? genesis;
      let end = start;
      let events = 0;
      const lines = async function* (): AsyncGenerator<string> {
        for await (const page of bodies) {
          for (const body of page) {
            end = chained(end, body);
            events += 1;
            yield toText({ chain: end, body });
          }
        }
        yield toText({ end: { events, chain: end } });
      };
      try {
        await pipeline(Readable.from(lines()), createGzip(), createWriteStream(part, { flush: true }));
        const found = await readArchive(part, start);
        if ('wrong' in found || found.chain !== end || found.events !== events)
          throw new Error(`the archive ${file} does not read back as it was written`);
        await rename(part, join(dir, file));
        await syncFolder(dir);
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
      return { file, events, start, end };
    },
  };
}

/** A name is only durable once its folder is. */
async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function toText(line: ArchiveLine): string {
  return `${JSON.stringify(line)}\n`;
}
