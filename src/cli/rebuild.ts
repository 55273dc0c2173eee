import { toEnvelope } from '../domain/events/envelope.ts';
import type { EventCursor } from '../domain/events/listed-event.ts';
import { verifyArchive } from '../events/archive/verify-archive.ts';
import { consumer, growing, kpis, memoryLedger, orders, readEvent } from '../events/client/client.ts';
import type { Store } from '../store/store.ts';

const pageMax = 1_000;

type Rebuilt = {
  /** Changed archives, and numbers that are missing within a subject; nothing may be believed when there are any. */
  readonly wrong: readonly string[];
  readonly events: number;
  /** How many of them came from the archive alone. */
  readonly archived: number;
  readonly merchants: ReadonlyMap<string, Models>;
};

type Models = ReturnType<typeof models>;
const models = () => ({ orders: growing(orders), kpis: growing(kpis) });

/**
 * The read models of every merchant, from the outbox and the archive alone.
 *
 * The outbox is read first: a month that leaves it meanwhile is in the archive by then, and what is in both is a copy. The
 * consumer puts each subject in its order, wherever its events lie.
 */
export async function rebuild({ relay, events: outbox }: Store, dir: string): Promise<Rebuilt> {
  const merchants = new Map<string, Models>();
  let events = 0;
  const { receive, gaps } = consumer(memoryLedger(), (event) => {
    const merchant = event.source.slice('/merchants/'.length);
    const grown = merchants.get(merchant) ?? models();
    merchants.set(merchant, grown);
    for (const { apply } of Object.values(grown)) apply(event);
    events += 1;
    return Promise.resolve();
  });

  let live = 0;
  for (let after: EventCursor | undefined = { xact: '0', position: '0' }; after !== undefined;) {
    const page = await relay.read(after, pageMax);
    for (const { event } of page) await receive(readEvent(JSON.stringify(toEnvelope(event))));
    live += page.length;
    after = page.at(-1)?.cursor;
  }
  const changed = await verifyArchive(dir, await outbox.archives(), (body) => receive(readEvent(body)));
  const missing = gaps().map((gap) => `${gap.subject}: ${gap.missing.join(', ')} is missing`);
  return { wrong: [...changed, ...missing], events, archived: events - live, merchants };
}
