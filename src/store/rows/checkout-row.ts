import { z } from 'zod';
import type { Checkout } from '../../domain/checkout/checkout.ts';
import type { Order } from '../../domain/checkout/order.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import { secondMs } from '../../kernel/instant.ts';
import { money } from '../../kernel/money.ts';
import { orderIdOf, paymentIdOf } from '../../domain/purchase/purchase.ts';
import { type Row, table } from '../table.ts';
import { currency, id, instant, minorUnits, toTimestamp, written } from './columns.ts';

export const checkouts = table('checkouts', {
  merchant_id: 'text',
  id: 'text',
  version: 'bigint',
  state: 'text',
  amount: 'bigint',
  currency: 'text',
  capture_mode: 'text',
  capture_after_s: 'integer',
  buyer: 'jsonb',
  return_url: 'text',
  metadata: 'jsonb',
  client_secret_hash: 'text',
  assessment_id: 'text',
  created_at: 'timestamptz',
  expires_at: 'timestamptz',
});

/** From `checkouts as c`. Named, because a version that runs while a migration adds a column has prepared what it reads. */
export const checkoutColumns = Object.keys(checkouts.types)
  .map((name) => `c.${name}`)
  .join(', ');

export const orders = table('orders', {
  merchant_id: 'text',
  checkout_id: 'text',
  state: 'text',
  amount: 'bigint',
  currency: 'text',
  event_count: 'bigint',
  created_at: 'timestamptz',
  changed_at: 'timestamptz',
});

export const payments = table('payments', {
  merchant_id: 'text',
  checkout_id: 'text',
  state: 'text',
  currency: 'text',
  authorized: 'bigint',
  captured: 'bigint',
  refunded: 'bigint',
  capture_mode: 'text',
  capture_at: 'timestamptz',
  created_at: 'timestamptz',
  changed_at: 'timestamptz',
});

const captureMode = z.enum(['automatic', 'manual']);

const checkoutRow = z.object({
  merchant_id: id('mer'),
  id: id('chk'),
  version: z.bigint().transform(Number),
  state: z.enum(['open', 'processing', 'requires_action', 'completed', 'canceled', 'expired']),
  amount: minorUnits,
  currency,
  capture_mode: captureMode,
  capture_after_s: z.number().nullable(),
  buyer: written<Checkout['buyer']>(),
  return_url: z.string().nullable(),
  metadata: written<Checkout['metadata']>(),
  client_secret_hash: z.string(),
  assessment_id: id('asm').nullable(),
  created_at: instant,
  expires_at: instant,
});

const saleRow = z.object({
  order_state: z.enum(['pending', 'authorized', 'held', 'captured', 'canceled']),
  order_amount: minorUnits,
  order_currency: currency,
  event_count: z.bigint().transform(Number),
  order_created_at: instant,
  order_changed_at: instant,
  payment_state: z.enum([
    'open',
    'trying',
    'requires_action',
    'authorized',
    'captured',
    'canceled',
    'quarantined',
  ]),
  authorized: minorUnits,
  captured: minorUnits,
  refunded: minorUnits,
  payment_capture_mode: captureMode,
  capture_at: instant.nullable(),
  payment_created_at: instant,
  payment_changed_at: instant,
});

/** The columns of `saleRow`, from `orders as o` and `payments as p`. */
export const saleColumns = `o.state as order_state, o.amount as order_amount, o.currency as order_currency, o.event_count,
  o.created_at as order_created_at, o.changed_at as order_changed_at, p.state as payment_state, p.authorized,
  p.captured, p.refunded, p.capture_mode as payment_capture_mode, p.capture_at, p.created_at as payment_created_at,
  p.changed_at as payment_changed_at`;

export function toCheckoutRow(checkout: Checkout): Row<keyof typeof checkouts.types> {
  return {
    merchant_id: checkout.merchantId,
    id: checkout.id,
    version: checkout.version,
    state: checkout.state,
    amount: checkout.total.amount,
    currency: checkout.total.currency,
    capture_mode: checkout.captureMode,
    capture_after_s: checkout.captureAfterMs === undefined ? null : checkout.captureAfterMs / secondMs,
    buyer: JSON.stringify(checkout.buyer),
    return_url: checkout.returnUrl ?? null,
    metadata: JSON.stringify(checkout.metadata),
    client_secret_hash: checkout.clientSecretHash,
    assessment_id: checkout.assessmentId ?? null,
    created_at: toTimestamp(checkout.createdAt),
    expires_at: toTimestamp(checkout.expiresAt),
  };
}

export function fromCheckoutRow(row: unknown): Checkout {
  const read = checkoutRow.parse(row);
  return {
    id: read.id,
    merchantId: read.merchant_id,
    state: read.state,
    total: money(read.amount, read.currency),
    captureMode: read.capture_mode,
    ...(read.capture_after_s === null ? {} : { captureAfterMs: read.capture_after_s * secondMs }),
    buyer: read.buyer,
    ...(read.return_url === null ? {} : { returnUrl: read.return_url }),
    metadata: read.metadata,
    clientSecretHash: read.client_secret_hash,
    ...(read.assessment_id === null ? {} : { assessmentId: read.assessment_id }),
    createdAt: read.created_at,
    expiresAt: read.expires_at,
    version: read.version,
  };
}

export function toOrderRow(checkout: Checkout, order: Order): Row<keyof typeof orders.types> {
  return {
    merchant_id: checkout.merchantId,
    checkout_id: checkout.id,
    state: order.state,
    amount: order.total.amount,
    currency: order.total.currency,
    event_count: order.eventCount,
    created_at: toTimestamp(order.createdAt),
    changed_at: toTimestamp(order.changedAt),
  };
}

export function toPaymentRow(checkout: Checkout, payment: Payment): Row<keyof typeof payments.types> {
  return {
    merchant_id: checkout.merchantId,
    checkout_id: checkout.id,
    state: payment.state,
    currency: payment.currency,
    authorized: payment.authorized,
    captured: payment.captured,
    refunded: payment.refunded,
    capture_mode: payment.captureMode,
    capture_at: payment.captureAt === undefined ? null : toTimestamp(payment.captureAt),
    created_at: toTimestamp(payment.createdAt),
    changed_at: toTimestamp(payment.changedAt),
  };
}

export function fromSaleRow(checkout: Checkout, row: unknown): { order: Order; payment: Payment } {
  const read = saleRow.parse(row);
  return {
    order: {
      id: orderIdOf(checkout.id),
      state: read.order_state,
      total: money(read.order_amount, read.order_currency),
      createdAt: read.order_created_at,
      changedAt: read.order_changed_at,
      eventCount: read.event_count,
    },
    payment: {
      id: paymentIdOf(checkout.id),
      state: read.payment_state,
      currency: read.order_currency,
      authorized: read.authorized,
      captured: read.captured,
      refunded: read.refunded,
      captureMode: read.payment_capture_mode,
      ...(read.capture_at === null ? {} : { captureAt: read.capture_at }),
      createdAt: read.payment_created_at,
      changedAt: read.payment_changed_at,
    },
  };
}
