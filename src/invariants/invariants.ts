import type { Instant } from '../kernel/instant.ts';
import type { Audited } from '../store/audit.ts';
import { type LedgerLine, attemptOf } from './ledger.ts';
import { chargedOnce, keyedHere, knownHere } from './ledger-invariants.ts';
import { agreed, answered, conserved, monotone, ordered, settled, told } from './purchase-invariants.ts';

/** Something that must never happen, and did. `invariant` is the promise in docs/INVARIANTS.md. */
export type Violation = { readonly invariant: string; readonly checkout: string; readonly what: string };

export type Audit = { readonly checked: number; readonly violations: readonly Violation[] };

const here = {
  I1: [ordered],
  I2: [settled],
  I4: [answered],
  I5: [monotone, agreed],
  I6: [told],
  I7: [conserved],
};
const atThePsp = { I1: [chargedOnce], I2: [knownHere], I4: [keyedHere] };

/**
 * Holds every purchase against the invariants, and the PSPs' ledgers against the purchases. `settlingMs` is how long an
 * outcome may be unknown; a ledger of null is not compared.
 */
export async function auditAll(
  purchases: AsyncIterable<Audited>,
  ledger: readonly LedgerLine[] | null,
  when: { readonly now: Instant; readonly settlingMs: number },
): Promise<Audit> {
  const violations: Violation[] = [];
  const linesOf = Map.groupBy(ledger ?? [], attemptOf);
  let checked = 0;
  for await (const audited of purchases) {
    checked += 1;
    const { checkout, sale } = audited.purchase;
    if (sale === undefined) continue;
    const note = (invariant: string) => (what: string) =>
      violations.push({ invariant, checkout: checkout.id, what });
    for (const [invariant, checks] of Object.entries(here))
      checks.flatMap((check) => check(audited, sale, when)).forEach(note(invariant));
    if (ledger === null) continue;
    const lines = sale.attempts.flatMap(({ id }) => linesOf.get(id) ?? []);
    for (const [invariant, checks] of Object.entries(atThePsp))
      checks.flatMap((check) => check(sale, lines)).forEach(note(invariant));
    for (const { id } of sale.attempts) linesOf.delete(id);
  }
  // Whatever is left was charged for nobody.
  for (const [attempt, lines] of linesOf) {
    for (const { reference, metadata, authorisations } of lines) {
      if (authorisations.length === 0) continue;
      const what = `${reference} was charged for ${attempt ?? 'no attempt'}, which is not here`;
      violations.push({ invariant: 'I2', checkout: metadata['tillgate_checkout'] ?? '', what });
    }
  }
  return { checked, violations };
}
