import { decimals, type Currency } from '../../kernel/money.ts';
import type { Movement, MovementType, Payment } from './payment.ts';
import type { Sandbox } from './sandbox.ts';

/** The columns of Adyen's payment accounting report that say something here; names and order are Adyen's. */
const columns = [
  'Company Account',
  'Merchant Account',
  'Psp Reference',
  'Merchant Reference',
  'Payment Method',
  'Booking Date',
  'TimeZone',
  'Main Currency',
  'Main Amount',
  'Record Type',
  'Payment Currency',
  'Received (PC)',
  'Authorized (PC)',
  'Captured (PC)',
  'Settlement Currency',
  'Payable (SC)',
  'Commission (SC)',
  'Markup (SC)',
  'Scheme Fees (SC)',
  'Interchange (SC)',
  'Processing Fee Currency',
  'Processing Fee (FC)',
  'User Name',
  'Payment Method Variant',
  'Modification Merchant Reference',
  'Modification Psp Reference',
] as const;

type Line = Partial<Record<(typeof columns)[number], string>>;

const recordTypeOf: Readonly<Record<MovementType, string>> = {
  authorised: 'Authorised',
  adjusted: 'AuthorisedAdjusted',
  captured: 'SentForSettle',
  capture_failed: 'CaptureFailed',
  cancelled: 'Cancelled',
  expired: 'Expired',
  refunded: 'SentForRefund',
  refund_failed: 'RefundFailed',
  refund_reversed: 'RefundedReversed',
  charged_back: 'Chargeback',
  chargeback_reversed: 'ChargebackReversed',
};

/** How Adyen counts the decimals of an amount where it differs from ISO 4217. */
const adyenDecimals: Readonly<Record<string, number>> = { CLP: 2, CVE: 0, IDR: 0, ISK: 2 };

/** The day of a report's file name, or undefined when the path names no such report. */
export function reportDay(path: string): string | undefined {
  const match = /^\/reports\/payments_accounting_report_(\d{4})_(\d{2})_(\d{2})\.csv$/.exec(path);
  return match === null ? undefined : match.slice(1).join('-');
}

export function reportName(day: string): string {
  return `payments_accounting_report_${day.replaceAll('-', '_')}.csv`;
}

/** Everything that moved on that day (UTC), oldest first, as the CSV that merchants reconcile with. */
export function accountingReport(sandbox: Sandbox, day: string): string {
  const { ledger } = sandbox;
  const lines: { at: number; line: Line }[] = [];
  for (const payment of ledger.payments.values()) {
    if (isOn(day, payment.at)) lines.push({ at: payment.at, line: received(sandbox, payment) });
    const { state } = payment;
    if (isOn(day, payment.at) && state.is === 'concluded' && state.conclusion.refusalReason !== '') {
      const line = { ...received(sandbox, payment), 'Record Type': 'Refused' };
      lines.push({ at: payment.at, line });
    }
  }
  for (const movement of ledger.movements) {
    const payment = ledger.payments.get(movement.pspReference);
    if (payment !== undefined && isOn(day, movement.at)) {
      lines.push({ at: movement.at, line: moved(sandbox, payment, movement) });
    }
  }
  lines.sort((one, other) => one.at - other.at);
  const rows = lines.map(({ line }) => columns.map((column) => quoted(line[column] ?? '')).join(','));
  return [columns.join(','), ...rows, ''].join('\n');
}

function received(sandbox: Sandbox, payment: Payment): Line {
  const amount = mainUnits(payment.amount.value, payment.amount.currency);
  return {
    ...common(sandbox, payment, payment.at),
    'Main Amount': amount,
    'Record Type': 'Received',
    'Received (PC)': amount,
  };
}

function moved(sandbox: Sandbox, payment: Payment, movement: Movement): Line {
  const { type, value, currency, by, at } = movement;
  const amount = mainUnits(value, currency);
  const back = mainUnits(-value, currency);
  const sums: Partial<Record<MovementType, Line>> = {
    authorised: { 'Received (PC)': back, 'Authorized (PC)': amount },
    adjusted: { 'Authorized (PC)': amount },
    captured: { 'Authorized (PC)': back, 'Captured (PC)': amount },
    capture_failed: { 'Captured (PC)': back },
    cancelled: { 'Authorized (PC)': back },
    expired: { 'Authorized (PC)': back },
    refunded: { 'Captured (PC)': back },
    refund_failed: { 'Captured (PC)': amount },
    refund_reversed: { 'Captured (PC)': amount },
    charged_back: { 'Captured (PC)': back },
    chargeback_reversed: { 'Captured (PC)': amount },
  };
  return {
    ...common(sandbox, payment, at),
    'Main Amount': amount,
    'Record Type': recordTypeOf[type],
    ...sums[type],
    ...(by === payment.pspReference ? {} : { 'Modification Psp Reference': by }),
  };
}

function common({ account }: Sandbox, payment: Payment, at: number): Line {
  return {
    'Company Account': account.company,
    'Merchant Account': payment.merchantAccount,
    'Psp Reference': payment.pspReference,
    'Merchant Reference': payment.reference,
    'Payment Method': payment.card.brand,
    'Booking Date': new Date(at).toISOString().slice(0, 19).replace('T', ' '),
    TimeZone: 'UTC',
    'Main Currency': payment.amount.currency,
    'Payment Currency': payment.amount.currency,
    'Payment Method Variant': `${payment.card.brand}${payment.card.fundingSource.toLowerCase()}`,
  };
}

function isOn(day: string, at: number): boolean {
  return new Date(at).toISOString().startsWith(day);
}

function mainUnits(value: number, currency: string): string {
  const places = adyenDecimals[currency] ?? decimals(currency as Currency);
  const digits = String(Math.abs(value)).padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const sign = value < 0 ? '-' : '';
  return places === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits.slice(-places)}`;
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
