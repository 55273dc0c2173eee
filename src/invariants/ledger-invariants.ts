import { isLive } from '../domain/payment/attempt.ts';
import { type Movement, type MovementKind, isMoving } from '../domain/payment/movement.ts';
import type { Sale } from '../domain/purchase/purchase.ts';
import {
  type CurrencyExponents,
  adyenExponents,
  stripeExponents,
  toPspAmount,
} from '../psp/currency-exponents.ts';
import { type LedgerLine, attemptOf } from './ledger.ts';

/** What may never be true between a purchase and the PSP's own ledger of it. */
export type LedgerCheck = (sale: Sale, lines: readonly LedgerLine[]) => string[];

/** I1, the PSP's side: an attempt charges once, a capture takes money once, and a paid order keeps one charge, any other none. */
export const chargedOnce: LedgerCheck = (sale, lines) => {
  const perLine = lines.flatMap((line) => {
    const captures = sale.movements.filter(
      ({ attemptId, kind, state }) =>
        kind === 'capture' && state !== 'failed' && attemptId === attemptOf(line),
    );
    // The scheme may take a capture back whose money was refunded long ago.
    const takenBack = moved(
      sale.movements.filter(
        (each) => each.state === 'failed' && each.reversed && each.attemptId === attemptOf(line),
      ),
      'capture',
      exponents[line.psp],
    );
    const counts = sale.attempts.some((each) => each.id === attemptOf(line) && each.state === 'authorized');
    return [
      ...(line.authorisations.length > 1 ? [`${line.reference} was authorised twice`] : []),
      ...(line.captured > line.authorised ? [`${line.reference} captured more than authorised`] : []),
      ...(line.refunded > line.captured + takenBack && sale.payment.state !== 'quarantined'
        ? [`${line.reference} refunded more than captured`]
        : []),
      ...(counts && line.captures.length > captures.length
        ? [`${line.reference} was captured ${line.captures.length} times for ${captures.length} captures`]
        : []),
    ];
  });
  const charged = new Set<string | undefined>();
  const twice = lines.filter((line) => {
    if (line.authorisations.length === 0) return false;
    const again = charged.has(attemptOf(line));
    charged.add(attemptOf(line));
    return again;
  });
  const kept = lines.filter(({ authorised, voided, captured, refunded }) =>
    captured > 0 ? captured > refunded : authorised > voided,
  );
  return [
    ...perLine,
    ...twice.map((line) => `${attemptOf(line) ?? ''} was charged twice`),
    ...(isQuiet(sale) && kept.length > (isPaid(sale) ? 1 : 0)
      ? [`${kept.length} charges are kept: ${kept.map((line) => line.reference).join(', ')}`]
      : []),
  ];
};

/** I2: every success at the PSP is in our journal, and nothing is in our journal that the PSP did not do. */
export const knownHere: LedgerCheck = (sale, lines) =>
  sale.attempts.flatMap((attempt) => {
    const own = lines.filter((line) => attemptOf(line) === attempt.id);
    const authorised = own.some((line) => line.authorisations.length > 0);
    const known = attempt.state === 'authorized' || attempt.state === 'quarantined';
    if (authorised && !known && !isLive(attempt) && !own.every(isGivenUp))
      return [`${attempt.id} is ${attempt.state} and was charged`];
    if (attempt.state !== 'authorized') return [];
    if (!authorised) return [`${attempt.id} is authorised and the PSP has no such charge`];
    const movements = sale.movements.filter(({ attemptId }) => attemptId === attempt.id);
    if (movements.some((each) => isMoving(each) || each.state === 'quarantined')) return [];
    // A person has to look already: what the scheme took back after a refund, for one, changed no movement.
    if (sale.payment.state === 'quarantined') return [];
    const succeeded = movements.filter(({ state }) => state === 'succeeded');
    const differs = (kind: MovementKind, atPsp: number): string[] => {
      const here = moved(succeeded, kind, exponents[attempt.psp]);
      return here === atPsp ? [] : [`${attempt.id}: the PSP's ${kind}s are ${atPsp}, ours ${String(here)}`];
    };
    return [
      ...differs('capture', sum(own, 'captured')),
      ...differs('refund', sum(own, 'refunded')),
      ...(movements.some(({ kind, state }) => kind === 'void' && state === 'succeeded') &&
      sum(own, 'voided') === 0
        ? [`${attempt.id} is voided here and not at the PSP`]
        : []),
    ];
  });

/** I4: every call that moved money was made with a key that was recorded here first. */
export const keyedHere: LedgerCheck = (sale, lines) => {
  const keys = new Set([
    ...sale.attempts.map(({ request }) => request.pspKey),
    ...sale.movements.map(({ pspKey }) => pspKey),
  ]);
  // What is given up needs no key of ours: giving it up again changes nothing.
  return lines
    .filter((line) => !isGivenUp(line))
    .flatMap((line) =>
      line.idempotency_keys
        .filter((key) => !keys.has(key))
        .map((key) => `${line.reference} was moved with the key ${key}, which is not recorded`),
    );
};

/** Reserved while the buyer was away, and let go with the payment: nothing of it was ever ours. */
function isGivenUp({ authorised, voided, captured }: LedgerLine): boolean {
  return captured === 0 && voided >= authorised;
}

/** Whoever did not get the order is not charged for it. */
function isPaid({ order }: Sale): boolean {
  return order.state === 'authorized' || order.state === 'held' || order.state === 'captured';
}

function isQuiet({ attempts, movements, payment }: Sale): boolean {
  return !attempts.some(isLive) && !movements.some(isMoving) && payment.state !== 'quarantined';
}

const exponents = { stripe: stripeExponents, adyen: adyenExponents };

/** How much these movements of one kind are, in the PSP's minor units. */
function moved(movements: readonly Movement[], kind: MovementKind, at: CurrencyExponents): number {
  return movements
    .filter((each) => each.kind === kind)
    .reduce((total, { amount }) => total + (toPspAmount(amount, at) ?? NaN), 0);
}

function sum(lines: readonly LedgerLine[], of: 'captured' | 'refunded' | 'voided'): number {
  return lines.reduce((total, line) => total + line[of], 0);
}
