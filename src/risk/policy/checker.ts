import { Environment, type Limits } from '@marcbachmann/cel-js';
import type { Vocabulary } from '../../domain/risk/policy/vocabulary.ts';
import { unreachable } from '../../kernel/unreachable.ts';

const celType = { number: 'double', boolean: 'bool', string: 'string', money: 'Money' } as const;

/** Declares every name with its type, and lets whole numbers stand wherever doubles do. Nothing is evaluated with it. */
export function createChecker(vocabulary: Vocabulary, limits: Partial<Limits>): Environment {
  const neverCalled = (): never => unreachable('the checker evaluates nothing' as never);
  const checker = new Environment({ limits });
  checker.registerType('Money', { fields: { currency: 'string' } });
  checker.registerType('Personal', { fields: { hash: 'string' } });
  for (const op of ['<', '<=', '>', '>=', '=='] as const)
    checker.registerOperator(`Money ${op} Money: bool`, neverCalled);
  checker.registerOperator('double == int: bool', neverCalled);
  for (const op of ['+', '-', '*', '/']) {
    checker.registerOperator(`double ${op} int: double`, neverCalled);
    checker.registerOperator(`int ${op} double: double`, neverCalled);
  }
  checker.registerOperator('double in list<int>: bool', neverCalled);
  checker.registerFunction('money(string, string): Money', neverCalled);
  checker.registerFunction('amount(string): Money', neverCalled);
  checker.registerFunction('known(dyn): bool', neverCalled);
  checker.registerFunction('in_list(string, Personal): bool', neverCalled);
  for (const [name, schema] of Object.entries(schemaOf(vocabulary)))
    if (typeof schema === 'string') checker.registerVariable(name, schema);
    else checker.registerVariable({ name, schema });
  return checker;
}

type Schema = { [name: string]: string | Schema };

function schemaOf({ terms, personal }: Vocabulary): Schema {
  const schema: Schema = {};
  const declare = (name: string, type: string): void => {
    const path = name.split('.');
    const last = path.pop() ?? name;
    let at = schema;
    for (const part of path) {
      const next = (at[part] ??= {});
      if (typeof next === 'string') throw new Error(`${part} is both a value and a group of values`);
      at = next;
    }
    at[last] = type;
  };
  for (const { name, type } of terms) declare(name, celType[type]);
  for (const { name } of personal) declare(name, 'Personal');
  return schema;
}
