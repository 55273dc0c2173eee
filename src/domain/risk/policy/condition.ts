import type { Currency, Money } from '../../../kernel/money.ts';

/**
 * Everything a policy may read, by dotted name, as it is stored with the assessment; null is unknown. Money is text,
 * `1999 EUR` (minor units), so that a finding survives JSON.
 */
export type Evidence = Readonly<Record<string, Finding>>;
export type Finding = string | number | boolean | null;
export type TermType = 'number' | 'boolean' | 'string' | 'money';

/** A value inside an expression. Numbers are doubles, whole or not; unknown is undefined. */
export type Value = string | number | boolean | Money;
export type Expression = (evidence: Evidence) => Value | undefined;

/**
 * A condition has three answers. Undefined means that it could not be evaluated, because something it depends on is
 * unknown; `false && unknown` is false and `true || unknown` is true, since no value could change them.
 */
export type Condition = (evidence: Evidence) => boolean | undefined;

export function literal(value: Value): Expression {
  return () => value;
}

export function finding(name: string, type: TermType): Expression {
  if (type === 'money') return (evidence) => moneyFrom(evidence[name]);
  return (evidence) => evidence[name] ?? undefined;
}

export function known(name: string): Condition {
  return (evidence) => (evidence[name] ?? null) !== null;
}

export function and(left: Expression, right: Expression): Condition {
  return (evidence) => {
    const a = left(evidence);
    if (a === false) return false;
    const b = right(evidence);
    if (b === false) return false;
    return a === true && b === true ? true : undefined;
  };
}

export function or(left: Expression, right: Expression): Condition {
  return (evidence) => {
    const a = left(evidence);
    if (a === true) return true;
    const b = right(evidence);
    if (b === true) return true;
    return a === false && b === false ? false : undefined;
  };
}

export function not(operand: Expression): Condition {
  return (evidence) => {
    const value = operand(evidence);
    return typeof value === 'boolean' ? !value : undefined;
  };
}

export function choose(condition: Expression, yes: Expression, no: Expression): Expression {
  return (evidence) => {
    const chosen = condition(evidence);
    if (typeof chosen !== 'boolean') return undefined;
    return chosen ? yes(evidence) : no(evidence);
  };
}

const comparisons = {
  '==': (order: number) => order === 0,
  '!=': (order: number) => order !== 0,
  '<': (order: number) => order < 0,
  '<=': (order: number) => order <= 0,
  '>': (order: number) => order > 0,
  '>=': (order: number) => order >= 0,
};

export function compare(op: keyof typeof comparisons, left: Expression, right: Expression): Condition {
  const holds = comparisons[op];
  return (evidence) => {
    const order = orderOf(left(evidence), right(evidence));
    return order === undefined ? undefined : holds(order);
  };
}

/** Unknown, too, are amounts in two currencies: which is larger depends on a rate that nobody stated. */
function orderOf(a: Value | undefined, b: Value | undefined): number | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (typeof a === 'object' && typeof b === 'object') {
    return a.currency === b.currency ? rank(a.amount, b.amount) : undefined;
  }
  return rank(a, b);
}

function rank<T>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

const calculations = {
  '+': (a: number, b: number) => a + b,
  '-': (a: number, b: number) => a - b,
  '*': (a: number, b: number) => a * b,
  '/': (a: number, b: number) => a / b,
};

/** A result that is no number, such as a ratio over nothing, is unknown. */
export function calculate(op: keyof typeof calculations, left: Expression, right: Expression): Expression {
  const result = calculations[op];
  return (evidence) => {
    const a = left(evidence);
    const b = right(evidence);
    if (typeof a !== 'number' || typeof b !== 'number') return undefined;
    const value = result(a, b);
    return Number.isFinite(value) ? value : undefined;
  };
}

export function oneOf(operand: Expression, values: readonly Value[]): Condition {
  const members = new Set(values);
  return (evidence) => {
    const value = operand(evidence);
    return value === undefined ? undefined : members.has(value);
  };
}

/** A test of text, such as a pattern or a prefix. */
export function textTest(operand: Expression, holds: (text: string) => boolean): Condition {
  return (evidence) => {
    const value = operand(evidence);
    return typeof value === 'string' ? holds(value) : undefined;
  };
}

export function toMoneyText(money: Money): string {
  return `${money.amount} ${money.currency}`;
}

/** The writer is `toMoneyText`; anything else is unknown. */
export function moneyFrom(text: Finding | undefined): Money | undefined {
  const parts = typeof text === 'string' ? /^(\d{1,19}) ([A-Z]{3})$/.exec(text) : null;
  if (parts?.[1] === undefined || parts[2] === undefined) return undefined;
  return { amount: BigInt(parts[1]), currency: parts[2] as Currency };
}
