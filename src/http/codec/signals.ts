import { z } from 'zod';
import type { Basket, ObservedSignals, Signals } from '../../domain/risk/signals.ts';
import type { Instant } from '../../kernel/instant.ts';
import { money } from '../../kernel/money.ts';
import type { Problem } from '../problem.ts';
import type { Caller } from '../route.ts';
import { address, country, customer, fromWireAddress, time } from './buyer.ts';
import { amount, currency } from './money.ts';
import { withoutUndefined } from './parts.ts';

const text = (lengthMax: number) => z.string().min(1).max(lengthMax);

/** What the storefront and the browser observed. Everything is optional; what is absent is unknown, never zero. */
const observed = {
  card: z
    .strictObject({
      fingerprint: text(100).optional(),
      bin: z
        .string()
        .regex(/^\d{6,8}$/)
        .optional(),
      country: country.optional(),
      funding: z.enum(['credit', 'debit', 'prepaid', 'unknown']).optional(),
      wallet: text(40).optional(),
    })
    .optional(),
  device: z
    .strictObject({
      id: text(200).optional(),
      ip: z.union([z.ipv4(), z.ipv6()]).optional(),
      user_agent: text(1000).optional(),
      accept_language: text(200).optional(),
      client_hints: text(500).optional(),
      time_zone: text(60).optional(),
      referer: text(2000).optional(),
    })
    .optional(),
  behaviour: z
    .strictObject({
      form_seconds: z.number().min(0).max(86_400).optional(),
      pastes: z.int().min(0).max(1000).optional(),
      honeypot_filled: z.boolean().optional(),
      token_age_seconds: z.number().min(0).optional(),
    })
    .optional(),
  occurred_at: time.optional().meta({
    description:
      'When it happened, where that was not now: a replay, a queue of orders that was delayed. Secret keys only. Risk is ' +
      'judged as of then; money moves now.',
  }),
  basket: z
    .strictObject({
      item_count: z.int().min(0).max(100_000).optional(),
      digital_share: z.number().min(0).max(1).optional(),
      coupon: z.boolean().optional(),
      express_shipping: z.boolean().optional(),
    })
    .optional(),
};

export const observedSignals = z.strictObject(observed).meta({ id: 'ObservedSignals' });

export const allSignals = z
  .strictObject({
    ...observed,
    customer: customer
      .extend({
        email_changed_at: time.optional(),
        address_changed_at: time.optional(),
        sign_up_score: z.number().min(0).max(1).optional(),
      })
      .optional(),
    billing_address: address.optional(),
    shipping_address: address.optional(),
    amount: amount.optional(),
    currency: currency.optional(),
  })
  .refine((signals) => (signals.amount === undefined) === (signals.currency === undefined), {
    error: 'amount and currency come together',
    path: ['currency'],
  })
  .meta({ id: 'Signals' });

export function fromWireObserved(wire: z.output<typeof observedSignals>): ObservedSignals {
  const { card, device, behaviour, basket } = wire;
  return withoutUndefined({
    card: card && withoutUndefined(card),
    device:
      device &&
      withoutUndefined({
        id: device.id,
        ip: device.ip,
        userAgent: device.user_agent,
        acceptLanguage: device.accept_language,
        clientHints: device.client_hints,
        timeZone: device.time_zone,
        referer: device.referer,
      }),
    behaviour:
      behaviour &&
      withoutUndefined({
        formSeconds: behaviour.form_seconds,
        pastes: behaviour.pastes,
        honeypotFilled: behaviour.honeypot_filled,
        tokenAgeSeconds: behaviour.token_age_seconds,
      }),
    basket: basket && fromWireBasket(basket),
  });
}

function fromWireBasket(basket: NonNullable<z.output<typeof observedSignals>['basket']>): Basket {
  return withoutUndefined({
    itemCount: basket.item_count,
    digitalShare: basket.digital_share,
    coupon: basket.coupon,
    expressShipping: basket.express_shipping,
  });
}

export function fromWireSignals(wire: z.output<typeof allSignals>): Signals {
  const { customer: person, billing_address, shipping_address, amount: total, currency: of, ...rest } = wire;
  const { basket, ...seen } = fromWireObserved(rest);
  return withoutUndefined({
    ...seen,
    email: person?.email,
    name: person?.name,
    phone: person?.phone,
    account:
      person &&
      withoutUndefined({
        id: person.reference,
        createdAt: instant(person.created_at),
        emailChangedAt: instant(person.email_changed_at),
        addressChangedAt: instant(person.address_changed_at),
        signUpScore: person.sign_up_score,
      }),
    billing: billing_address && fromWireAddress(billing_address),
    shipping: shipping_address && fromWireAddress(shipping_address),
    order: total === undefined || of === undefined ? undefined : { ...basket, total: money(total, of) },
  });
}

/**
 * When what is judged happened: `now`, or earlier where a server says so. A browser's word is not taken for it, and
 * nothing has happened in the future.
 */
export function occurredAt(
  { occurred_at }: { readonly occurred_at?: string | undefined },
  caller: Pick<Caller, 'key'>,
  now: Instant,
): Instant | { readonly problem: Problem } {
  const at = instant(occurred_at) ?? now;
  const isServer = caller.key.kind === 'secret';
  if (at >= 0 && at <= now && (isServer || occurred_at === undefined)) return at;
  const detail = isServer
    ? 'This lies in the future, or before 1970.'
    : 'Only a secret key may say when something happened.';
  return {
    problem: {
      code: 'input_invalid',
      errors: [{ pointer: '/signals/occurred_at', code: 'invalid', detail }],
    },
  };
}

function instant(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}
