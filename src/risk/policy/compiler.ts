import type { ASTNode } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';
import {
  and,
  calculate,
  choose,
  compare,
  finding,
  known,
  literal,
  not,
  oneOf,
  or,
  textTest,
  type Expression,
} from '../../domain/risk/policy/condition.ts';
import type { ListDeclarations } from '../../domain/risk/policy/list.ts';
import type { Lookup } from '../../domain/risk/policy/policy.ts';
import { unreachable } from '../../kernel/unreachable.ts';
import type { Vocabulary } from '../../domain/risk/policy/vocabulary.ts';
import { parseMoney, type Amounts } from './amounts.ts';
import { suggestion } from './mistake.ts';

/** What a condition may name. */
export type Setting = {
  readonly vocabulary: Vocabulary;
  readonly lists: ListDeclarations;
  readonly amounts: Amounts;
};

/** `index` counts characters from the start of the expression. */
export type ExpressionMistake = {
  readonly index: number;
  readonly message: string;
  readonly hint: string | null;
};

const functions = {
  money: 'money("500.00", "EUR")',
  amount: 'amount("large")',
  known: 'known(order.amount)',
  in_list: 'in_list("blocked-emails", email.address)',
};
const textTests = {
  startsWith: (argument: string) => (text: string) => text.startsWith(argument),
  endsWith: (argument: string) => (text: string) => text.endsWith(argument),
  contains: (argument: string) => (text: string) => text.includes(argument),
  // A JavaScript expression can take exponential time on a chosen text; this engine's time is linear in it.
  matches: (argument: string) => {
    const pattern = RE2JS.compile(argument);
    return (text: string) => pattern.matcher(text).find();
  },
};

export type Compiler = {
  readonly mistakes: ExpressionMistake[];
  readonly lookups: Lookup[];
  readonly compile: (node: ASTNode) => Expression;
};

/** Walks the tree once. A part with a mistake compiles to unknown, which is never evaluated: the file is refused. */
export function createCompiler({ vocabulary, lists, amounts }: Setting): Compiler {
  const mistakes: ExpressionMistake[] = [];
  const lookups: Lookup[] = [];
  const types = new Map(vocabulary.terms.map(({ name, type }) => [name, type]));
  const kinds = new Map(vocabulary.personal.map(({ name, kind }) => [name, kind]));
  const names = [...types.keys(), ...kinds.keys()];
  const unknown: Expression = () => undefined;
  const refuse = (node: ASTNode, message: string, hint: string | null = null): Expression => {
    mistakes.push({ index: node.start, message, hint });
    return unknown;
  };

  const nameOf = (node: ASTNode): string | undefined => {
    if (node.op === 'id') return node.args;
    if (node.op !== '.') return undefined;
    const parent = nameOf(node.args[0]);
    return parent === undefined ? undefined : `${parent}.${node.args[1]}`;
  };

  const refuseName = (node: ASTNode, name: string): Expression =>
    name === 'score'
      ? refuse(node, 'there is no score without a model', 'add a line `model: <name>` to the policy')
      : refuse(node, `${name} is not declared at ${vocabulary.event}`, suggestion(name, names));

  const read = (node: ASTNode): Expression => {
    const name = nameOf(node);
    if (name === undefined) return refuse(node, 'only declared names can be read');
    if (kinds.has(name))
      return refuse(
        node,
        `${name} names a person and can only be looked up in a list`,
        `write in_list("…", ${name})`,
      );
    const type = types.get(name);
    return type === undefined ? refuseName(node, name) : finding(name, type);
  };

  const textOf = (node: ASTNode | undefined): string | undefined =>
    node?.op === 'value' && typeof node.args === 'string' ? node.args : undefined;

  const inList = (node: ASTNode, [listNode, of]: readonly ASTNode[]): Expression => {
    const list = textOf(listNode);
    const name = of && nameOf(of);
    if (list === undefined || name === undefined) return refuse(node, `write ${functions.in_list}`);
    const declared = lists.get(list);
    if (declared === undefined)
      return refuse(
        listNode ?? node,
        `there is no list ${list}`,
        suggestion(list, lists.keys()) ?? 'lists are declared in lists.yaml',
      );
    const kind = kinds.get(name);
    if (kind === undefined)
      return refuse(of ?? node, `${name} cannot be looked up in a list`, suggestion(name, kinds.keys()));
    if (declared.of !== name) return refuse(of ?? node, `the list ${list} holds ${declared.of}, not ${name}`);
    const lookup = { name: `in_list(${list}, ${name})`, list, of: kind };
    lookups.push(lookup);
    return finding(lookup.name, 'boolean');
  };

  const call = (node: ASTNode, name: string, args: readonly ASTNode[]): Expression => {
    const [first, second] = args;
    switch (name) {
      case 'money': {
        const parsed = parseMoney(textOf(first), textOf(second));
        return 'mistake' in parsed ? refuse(node, parsed.mistake, parsed.hint) : literal(parsed);
      }
      case 'amount': {
        const limit = textOf(first) ?? '';
        const byCurrency = amounts.get(limit);
        if (byCurrency === undefined)
          return refuse(
            node,
            `there is no amount ${limit}`,
            suggestion(limit, amounts.keys()) ?? 'name it under `amounts:`',
          );
        return (evidence) => byCurrency.get(evidence['order.currency']);
      }
      case 'known': {
        const known_ = first && nameOf(first);
        if (known_ === undefined) return refuse(node, `write ${functions.known}`);
        return types.has(known_) ? known(known_) : refuseName(first ?? node, known_);
      }
      case 'in_list':
        return inList(node, args);
      default:
        return refuse(node, `there is no function ${name}`, suggestion(name, Object.keys(functions)));
    }
  };

  const method = (node: ASTNode, name: string, receiver: ASTNode, args: readonly ASTNode[]): Expression => {
    if (!Object.hasOwn(textTests, name))
      return refuse(node, `there is no function ${name} of text`, suggestion(name, Object.keys(textTests)));
    const argument = textOf(args[0]);
    if (argument === undefined) return refuse(node, `${name} takes one text in quotes`);
    try {
      return textTest(compile(receiver), textTests[name as keyof typeof textTests](argument));
    } catch (error) {
      return refuse(
        args[0] ?? node,
        `not a pattern: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };

  const compile = (node: ASTNode): Expression => {
    switch (node.op) {
      case 'value':
        if (typeof node.args === 'bigint') return literal(Number(node.args));
        if (typeof node.args === 'object')
          return refuse(node, 'null and bytes have no use here', 'write known(…)');
        return literal(node.args);
      case 'id':
      case '.':
        return read(node);
      case '&&':
        return and(compile(node.args[0]), compile(node.args[1]));
      case '||':
        return or(compile(node.args[0]), compile(node.args[1]));
      case '!_':
        return not(compile(node.args));
      case '-_':
        return calculate('-', literal(0), compile(node.args));
      case '?:':
        return choose(compile(node.args[0]), compile(node.args[1]), compile(node.args[2]));
      case '==':
      case '!=':
      case '<':
      case '<=':
      case '>':
      case '>=':
        return compare(node.op, compile(node.args[0]), compile(node.args[1]));
      case '+':
      case '-':
      case '*':
      case '/':
        return calculate(node.op, compile(node.args[0]), compile(node.args[1]));
      case 'in': {
        const [operand, list] = node.args;
        if (list.op !== 'list')
          return refuse(
            list,
            '`in` takes a list in brackets',
            `for declared lists write ${functions.in_list}`,
          );
        // The checker would look for the type of what is in it.
        if (list.args.length === 0) return refuse(list, 'a list in brackets holds at least one value');
        return oneOf(compile(operand), list.args.map(constant));
      }
      case 'call':
        return call(node, ...node.args);
      case 'rcall':
        return method(node, ...node.args);
      case '%':
      case '[]':
      case '[?]':
      case '.?':
      case 'list':
      case 'map':
        return refuse(node, `${node.op} is not part of the language of conditions`);
      default:
        return unreachable(node);
    }
  };

  const constant = (node: ASTNode): string | number => {
    const value = node.op === 'value' ? node.args : null;
    if (typeof value === 'bigint') return Number(value);
    if (typeof value === 'string' || typeof value === 'number') return value;
    refuse(node, 'a list in brackets holds plain texts and numbers');
    return '';
  };

  return { mistakes, lookups, compile };
}
