import { z } from 'zod';
import { type Projection, projection } from './projection.ts';

/** Counts and sums of one day (UTC) and currency. Amounts in minor units. */
export type Kpis = Readonly<Record<string, DayKpis>>;

type DayKpis = {
  readonly orders: number;
  readonly captured: number;
  readonly revenue: number;
  readonly declined: number;
  readonly refunds: number;
  readonly refunded: number;
  readonly disputes: number;
};

const nothing: DayKpis = {
  orders: 0,
  captured: 0,
  revenue: 0,
  declined: 0,
  refunds: 0,
  refunded: 0,
  disputes: 0,
};

const money = z.object({ amount: z.number(), currency: z.string() });
const said = z.object({ total: money, amount: money.optional(), captured: money.optional() });

/** Roll-ups by `day currency`. Sums only, so that the order in which subjects arrive does not matter. */
export const kpis: Projection<DayKpis> = projection((state, { type, time, data }) => {
  const read = said.safeParse(data);
  if (!read.success) return null;
  const { total, amount, captured } = read.data;
  const change = changeBy(type, (amount ?? captured)?.amount ?? 0);
  if (change === null) return null;
  const key = `${time.slice(0, 10)} ${total.currency}`;
  const before = state[key] ?? nothing;
  const names = Object.keys(change) as (keyof DayKpis)[];
  const added = Object.fromEntries(names.map((name) => [name, before[name] + (change[name] ?? 0)]));
  return [key, { ...before, ...added }];
});

function changeBy(type: string, moved: number): Partial<DayKpis> | null {
  switch (type) {
    case 'order.created':
      return { orders: 1 };
    case 'order.captured':
      return { captured: 1, revenue: moved };
    case 'payment.declined':
      return { declined: 1 };
    case 'payment.refunded':
      return { refunds: 1, refunded: moved };
    case 'dispute.opened':
      return { disputes: 1 };
    default:
      return null;
  }
}
