import { createHash } from 'node:crypto';
import { type Violation, auditAll } from '../../invariants/invariants.ts';
import { dayMs, toRfc3339 } from '../../kernel/instant.ts';
import { auditPurchases } from '../../store/audit.ts';
import type { Database } from '../../store/database.ts';
import type { Books } from './books.ts';
import type { World } from './world.ts';

/** Everything is over: holds all purchases against the invariants, the PSPs' ledgers, and what shops were told. */
export async function auditEnd(
  database: Database,
  { steps, standIns }: World,
  { compare }: Books,
): Promise<readonly Violation[]> {
  // Later than any clock that lied: nothing may be open any more.
  const when = { now: steps.now() + dayMs, settlingMs: 0 };
  const { violations } = await auditAll(seenBy(auditPurchases(database), compare), standIns.ledger(), when);
  return violations;
}

async function* seenBy<T>(all: AsyncIterable<T>, look: (each: T) => void): AsyncGenerator<T> {
  for await (const each of all) {
    look(each);
    yield each;
  }
}

/** What two runs of one seed have in common: all there is of every purchase. */
export async function digestOf(database: Database): Promise<string> {
  const hash = createHash('sha256');
  const text = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
  for await (const each of auditPurchases(database)) hash.update(JSON.stringify(each, text));
  return hash.digest('hex');
}

/** How the purchases that are wrong came to be so. */
export async function historiesOf(
  database: Database,
  violations: readonly Violation[],
): Promise<readonly string[]> {
  const wrong = new Set(violations.map(({ checkout }) => checkout));
  const histories: string[] = [];
  for await (const { purchase, journal } of auditPurchases(database)) {
    if (!wrong.has(purchase.checkout.id)) continue;
    const lines = journal.map(
      ({ at, subject, from, to, because }) =>
        `  ${toRfc3339(at)} ${subject}: ${from ?? 'nothing'} → ${to} (${because})`,
    );
    histories.push([purchase.checkout.id, ...lines].join('\n'));
  }
  return histories;
}
