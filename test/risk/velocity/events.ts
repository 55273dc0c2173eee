import type { AssessmentEvent } from '../../../src/domain/risk/decision.ts';
import type { Context } from '../../../src/domain/risk/features/feature.ts';
import type { Signals } from '../../../src/domain/risk/signals.ts';
import type { MerchantId } from '../../../src/kernel/ids.ts';
import { dayMs, minuteMs, type Instant } from '../../../src/kernel/instant.ts';
import { isCurrency, money } from '../../../src/kernel/money.ts';
import { contextOf } from '../../../src/risk/signals/context.ts';
import { keysWith } from '../../../src/risk/signals/keys.ts';
import { referenceData } from '../../../src/risk/signals/reference.ts';
import type { Change } from '../../../src/domain/risk/observed.ts';

export const merchant: MerchantId = 'mer_00000000000000000000000000';

export type MadeUp = {
  readonly event: AssessmentEvent;
  readonly at: Instant;
  readonly signals: Signals;
  /** What the counters are told after the event was judged. */
  readonly changes: readonly Change[];
};

const reference = referenceData();
const events: readonly AssessmentEvent[] = ['account_creation', 'add_card', 'checkout', 'login'];

export function contextAt(secret: string, { signals, at }: Pick<MadeUp, 'signals' | 'at'>): Context {
  return contextOf({ keysOf: keysWith(secret), reference }, merchant, signals, at);
}

/** Made-up events of few people, so that their histories meet; equal seeds make equal events (mulberry32). */
export function* happeningsFrom(seed: number, count: number): Generator<MadeUp> {
  let state = seed;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number): number => Math.floor(random() * n);
  const maybe = <T>(value: T): T | undefined => (random() < 0.8 ? value : undefined);
  const currency = 'EUR';
  if (!isCurrency(currency)) throw new Error('EUR');

  let at = Date.parse('2026-01-01T00:00:00Z');
  for (let index = 0; index < count; index += 1) {
    // Mostly minutes apart, at times weeks, so that every window fills and empties.
    at += random() < 0.02 ? below(12 * dayMs) : below(40 * minuteMs);
    const event = events[below(4)] ?? 'checkout';
    const amount = below(5) * 1295;
    const signals = defined({
      email: maybe(
        `User.${below(9)}${random() < 0.2 ? '+x' : ''}@${['gmail.com', 'mail.example'][below(2)]}`,
      ),
      name: maybe(`Name ${below(9)}`),
      phone: maybe(`+49 30 ${below(20)}`),
      account: maybe({ id: `account-${below(12)}`, createdAt: at - below(90 * dayMs) }),
      card: maybe({ fingerprint: `card-${below(15)}`, bin: `${400000 + below(4)}`, country: 'DE' }),
      billing: maybe({ postalCode: `${10 + below(5)}999`, country: 'DE', line1: `Street ${below(9)}` }),
      order: event === 'checkout' ? { total: money(BigInt(amount), currency) } : undefined,
      device: maybe({
        id: `device-${below(10)}`,
        ip: `198.51.${below(3)}.${below(9)}`,
        userAgent: 'Mozilla/5.0',
      }),
    });
    const ended = (['succeeded', 'declined', 'refused'] as const)[below(3)] ?? 'declined';
    const paid = event === 'checkout' ? amount / 100 : NaN;
    yield {
      event,
      at,
      signals,
      changes: [
        { what: event, at, amount: paid },
        ...(random() < 0.6 ? [{ what: ended, at: at + 1, amount: paid }] : []),
        ...(random() < 0.2
          ? [
              {
                what: 'labelled' as const,
                fraud: random() < 0.5,
                overrules: index % 3 === 0,
                happenedAt: at - below(40 * dayMs),
              },
            ]
          : []),
      ],
    };
  }
}

/** Without the fields that are undefined: an absent signal is absent. */
function defined(signals: object): Signals {
  return Object.fromEntries(Object.entries(signals).filter(([, value]) => value !== undefined));
}
