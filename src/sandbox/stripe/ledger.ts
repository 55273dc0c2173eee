/**
 * What really happened to the money, whatever the API said about it. Movements are only ever appended; nothing that
 * answers a request reads them, so that an invariant can be checked against them.
 */
export type Movement = {
  /** Seconds since 1970. */
  readonly at: number;
  readonly kind:
    | 'authorisation'
    | 'increment'
    | 'decline'
    | 'capture'
    | 'void'
    | 'refund'
    | 'refund_failure'
    | 'chargeback'
    | 'chargeback_won';
  readonly payment_intent: string;
  readonly charge: string;
  readonly amount: number;
  readonly currency: string;
  readonly idempotency_key: string | null;
};

/** One payment's sums, in minor units. */
export type LedgerLine = {
  readonly account: string;
  readonly payment_intent: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly currency: string | null;
  idempotency_keys: string[];
  authorised: number;
  captured: number;
  voided: number;
  refunded: number;
  charged_back: number;
  /** Every success by itself, so that a second one cannot hide in a sum. */
  authorisations: number[];
  captures: number[];
  refunds: number[];
  declines: number;
};

/** Folds movements into one line per payment, in order of their first movement. Linear in the movements. */
export function foldLedger(
  account: string,
  movements: readonly Movement[],
  metadataOf: (paymentIntent: string) => Readonly<Record<string, string>>,
): LedgerLine[] {
  const lines = new Map<string, LedgerLine>();
  for (const movement of movements) {
    let line = lines.get(movement.payment_intent);
    if (line === undefined) {
      line = {
        account,
        payment_intent: movement.payment_intent,
        metadata: metadataOf(movement.payment_intent),
        currency: movement.currency,
        idempotency_keys: [],
        authorised: 0,
        captured: 0,
        voided: 0,
        refunded: 0,
        charged_back: 0,
        authorisations: [],
        captures: [],
        refunds: [],
        declines: 0,
      };
      lines.set(movement.payment_intent, line);
    }
    apply(line, movement);
  }
  return [...lines.values()];
}

function apply(line: LedgerLine, { kind, amount, idempotency_key }: Movement): void {
  if (idempotency_key !== null && !line.idempotency_keys.includes(idempotency_key))
    line.idempotency_keys.push(idempotency_key);
  switch (kind) {
    case 'authorisation':
      line.authorised += amount;
      line.authorisations.push(amount);
      return;
    case 'increment':
      line.authorised += amount;
      return;
    case 'decline':
      line.declines += 1;
      return;
    case 'capture':
      line.captured += amount;
      line.captures.push(amount);
      return;
    case 'void':
      line.voided += amount;
      return;
    case 'refund':
      line.refunded += amount;
      line.refunds.push(amount);
      return;
    case 'refund_failure':
      line.refunded -= amount;
      line.refunds.splice(line.refunds.indexOf(amount), 1);
      return;
    case 'chargeback':
      line.charged_back += amount;
      return;
    case 'chargeback_won':
      line.charged_back -= amount;
      return;
    default:
      kind satisfies never;
  }
}
