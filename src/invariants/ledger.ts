import { z } from 'zod';
import type { PspName } from '../domain/payment/attempt.ts';

/** One payment as a stand-in PSP knows that it happened, in the PSP's minor units. */
export type LedgerLine = z.output<typeof said> & { readonly psp: PspName; readonly reference: string };

const said = z.object({
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

const ledgerLine = z
  .union([
    said.extend({ payment_intent: z.string() }),
    // A set-up authorises nothing, which is no charge.
    said.extend({ psp_reference: z.string(), authorisations: z.array(z.number()).transform(aboveZero) }),
  ])
  .transform((line): LedgerLine =>
    'payment_intent' in line
      ? { ...line, psp: 'stripe', reference: line.payment_intent }
      : { ...line, psp: 'adyen', reference: line.psp_reference },
  );

function aboveZero(amounts: readonly number[]): number[] {
  return amounts.filter((amount) => amount > 0);
}

/** A stand-in's own ledger of all its accounts: kept apart from its API, so that the API may lie in a test. */
export async function readLedger(pspUrl: string): Promise<LedgerLine[]> {
  const response = await fetch(`${pspUrl}/_sandbox/ledger`);
  if (!response.ok) throw new Error(`the ledger of ${pspUrl} answers ${response.status}`);
  return fromLedgerText(await response.text());
}

/** A ledger as the stand-ins write it: one payment a line. */
export function fromLedgerText(text: string): LedgerLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ledgerLine.parse(JSON.parse(line)));
}

/** Whose attempt a payment of the ledger was made for; undefined when it says nothing of an attempt of ours. */
export function attemptOf(line: LedgerLine): string | undefined {
  return line.metadata['tillgate_attempt'];
}
