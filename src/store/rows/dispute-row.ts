import { z } from 'zod';
import type { Dispute } from '../../domain/payment/dispute.ts';
import type { Label } from '../../domain/risk/label.ts';
import type { CheckoutId, MerchantId } from '../../kernel/ids.ts';
import { money } from '../../kernel/money.ts';
import { type Row, table } from '../table.ts';
import { currency, id, instant, minorUnits, toTimestamp } from './columns.ts';

export const disputes = table('disputes', {
  merchant_id: 'text',
  checkout_id: 'text',
  id: 'text',
  attempt_id: 'text',
  psp_reference: 'text',
  state: 'text',
  inquiry: 'boolean',
  amount: 'bigint',
  currency: 'text',
  reason: 'text',
  fraud: 'boolean',
  evidence_due_at: 'timestamptz',
  opened_at: 'timestamptz',
  changed_at: 'timestamptz',
});

export const labels = table('labels', {
  merchant_id: 'text',
  id: 'text',
  checkout_id: 'text',
  fraud: 'boolean',
  source: 'text',
  strength: 'text',
  reference: 'text',
  happened_at: 'timestamptz',
  known_at: 'timestamptz',
});

type Whose = { readonly merchantId: MerchantId; readonly id: CheckoutId };

export function toDisputeRow(whose: Whose, dispute: Dispute): Row<keyof typeof disputes.types> {
  return {
    merchant_id: whose.merchantId,
    checkout_id: whose.id,
    id: dispute.id,
    attempt_id: dispute.attemptId,
    psp_reference: dispute.pspReference,
    state: dispute.state,
    inquiry: dispute.inquiry,
    amount: dispute.amount.amount,
    currency: dispute.amount.currency,
    reason: dispute.reason,
    fraud: dispute.fraud,
    evidence_due_at: dispute.evidenceDueAt === undefined ? null : toTimestamp(dispute.evidenceDueAt),
    opened_at: toTimestamp(dispute.openedAt),
    changed_at: toTimestamp(dispute.changedAt),
  };
}

const disputeRow = z.object({
  checkout_id: id('chk'),
  id: id('dsp'),
  attempt_id: id('att'),
  psp_reference: z.string(),
  state: z.enum(['opened', 'under_review', 'won', 'lost']),
  inquiry: z.boolean(),
  amount: minorUnits,
  currency,
  reason: z.string(),
  fraud: z.boolean(),
  evidence_due_at: instant.nullable(),
  opened_at: instant,
  changed_at: instant,
});

export function fromDisputeRow(row: unknown): Dispute & { readonly checkoutId: CheckoutId } {
  const read = disputeRow.parse(row);
  return {
    id: read.id,
    checkoutId: read.checkout_id,
    attemptId: read.attempt_id,
    pspReference: read.psp_reference,
    state: read.state,
    inquiry: read.inquiry,
    amount: money(read.amount, read.currency),
    reason: read.reason,
    fraud: read.fraud,
    ...(read.evidence_due_at === null ? {} : { evidenceDueAt: read.evidence_due_at }),
    openedAt: read.opened_at,
    changedAt: read.changed_at,
  };
}

export function toLabelRow(label: Label): Row<keyof typeof labels.types> {
  return {
    merchant_id: label.merchantId,
    id: label.id,
    checkout_id: label.checkoutId,
    fraud: label.fraud,
    source: label.source,
    strength: label.strength,
    reference: label.reference,
    happened_at: toTimestamp(label.happenedAt),
    known_at: toTimestamp(label.knownAt),
  };
}

const labelRow = z.object({
  merchant_id: id('mer'),
  id: id('lab'),
  checkout_id: id('chk'),
  fraud: z.boolean(),
  source: z.enum(['dispute', 'fraud_report', 'refund', 'review', 'api', 'quiet']),
  strength: z.enum(['strong', 'weak']),
  reference: z.string(),
  happened_at: instant,
  known_at: instant,
});

export function fromLabelRow(row: unknown): Label {
  const { merchant_id, checkout_id, happened_at, known_at, ...rest } = labelRow.parse(row);
  return {
    ...rest,
    merchantId: merchant_id,
    checkoutId: checkout_id,
    happenedAt: happened_at,
    knownAt: known_at,
  };
}
