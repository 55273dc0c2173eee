import type { Account } from './account.ts';
import { invalid } from './api-error.ts';
import type { Kind } from './objects/objects.ts';
import { balanceTransaction } from './routes/readings.ts';
import { listOfRefunds } from './routes/refunds.ts';

const kindOfPrefix: Readonly<Record<string, Kind>> = {
  pi: 'payment_intent',
  ch: 'charge',
  re: 'refund',
  pm: 'payment_method',
  seti: 'setup_intent',
  cus: 'customer',
  du: 'dispute',
};

/** Expansions go four levels deep, as in Stripe. */
const depthMax = 4;

/** Puts objects where their ids stand, along paths like `latest_charge.balance_transaction` or `data.charge`. */
export function expand(account: Account, value: unknown, paths: readonly string[]): unknown {
  return paths.reduce((grown, path) => {
    const steps = path.split('.');
    if (steps.length > depthMax)
      throw invalid('You cannot expand more than 4 levels of a property.', undefined, 'expand');
    return follow(account, grown, steps, path);
  }, value);
}

function follow(account: Account, value: unknown, steps: readonly string[], path: string): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => follow(account, each, steps, path));
  const parent = value as Readonly<Record<string, unknown>>;
  const at =
    step === 'refunds' && parent['object'] === 'charge' ? listOfRefunds(account, parent) : parent[step];
  if (typeof value !== 'object' || at === undefined)
    throw invalid(`This property cannot be expanded (${path}).`, undefined, 'expand');
  const whole = typeof at === 'string' ? lookUp(account, at, parent) : at;
  return { ...parent, [step]: follow(account, whole, rest, path) };
}

function lookUp(account: Account, id: string, parent: unknown): unknown {
  const prefix = id.slice(0, id.indexOf('_'));
  if (prefix === 'txn') return balanceTransaction(parent as Parameters<typeof balanceTransaction>[0]);
  const kind = kindOfPrefix[prefix];
  return (kind && account.tables[kind].get(id)) ?? id;
}
