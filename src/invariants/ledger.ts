import { z } from 'zod';

/** One payment as the stand-in Stripe knows that it happened, in Stripe's minor units. */
export type LedgerLine = z.output<typeof ledgerLine>;

const ledgerLine = z.object({
  payment_intent: z.string(),
  metadata: z.record(z.string(), z.string()),
  currency: z.string().nullable(),
  idempotency_keys: z.array(z.string()),
  authorised: z.number(),
  captured: z.number(),
  voided: z.number(),
  refunded: z.number(),
  authorisations: z.array(z.number()),
  captures: z.array(z.number()),
  refunds: z.array(z.number()),
});

/** The stand-in's own ledger of all its accounts: kept apart from its API, so that the API may lie in a test. */
export async function readLedger(pspUrl: string): Promise<LedgerLine[]> {
  const response = await fetch(`${pspUrl}/_sandbox/ledger`);
  if (!response.ok) throw new Error(`the ledger of ${pspUrl} answers ${response.status}`);
  return (await response.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ledgerLine.parse(JSON.parse(line)));
}

/** Whose attempt a payment of the ledger was made for; undefined when it says nothing of an attempt of ours. */
export function attemptOf(line: LedgerLine): string | undefined {
  return line.metadata['tillgate_attempt'];
}
