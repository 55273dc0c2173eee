import { toEnvelope } from '../domain/events/envelope.ts';
import type { EventCursor } from '../domain/events/listed-event.ts';
import type { Archive } from '../events/sink.ts';
import type { Deps } from './deps.ts';

const pageMax = 1_000;

/**
 * Archives the oldest month that every sink has had and that is older than `liveMonths`, then lets go of it. Answers
 * whether there was one. Dying in between repeats the file or the drop, never loses a month: the drop asks for the record
 * of a file that was read back and that holds as many events as the month. What was written into the month after its file
 * makes the drop fail; the next round writes the file anew.
 */
export async function archiveEvents(
  { store: { events }, clock }: { readonly store: Pick<Deps['store'], 'events'> } & Pick<Deps, 'clock'>,
  archive: Archive,
  liveMonths: number,
): Promise<boolean> {
  const month = await events.archivable(liveMonths);
  if (month === null) return false;
  const { partition } = month;
  if (!month.archived) {
    const before = (await events.archives()).findLast(({ file }) => file < partition);
    const after = before?.end ?? null;
    await events.recordArchive(partition, await archive.write(partition, after, pages()), clock());
  }
  await events.letGo(partition);
  return true;

  async function* pages(): AsyncGenerator<string[]> {
    let after: EventCursor = { xact: '0', position: '0' };
    for (;;) {
      const page = await events.ofPartition(partition, after, pageMax);
      const last = page.at(-1);
      if (last === undefined) return;
      yield page.map(({ event }) => JSON.stringify(toEnvelope(event)));
      after = last.cursor;
    }
  }
}
