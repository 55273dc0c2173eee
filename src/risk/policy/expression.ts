import { ParseError, type Environment } from '@marcbachmann/cel-js';
import type { Condition, Expression } from '../../domain/risk/policy/condition.ts';
import type { Lookup } from '../../domain/risk/policy/policy.ts';
import { createChecker } from './checker.ts';
import { createCompiler, type ExpressionMistake, type Setting } from './compiler.ts';

/**
 * The language of conditions: the Common Expression Language without loops, macros and maps, over declared names.
 *
 * `@marcbachmann/cel-js` parses and type-checks. What it accepts is compiled here into closures over the evidence, so that
 * unknown values have a third answer instead of a thrown error, and so that the cost of a condition is its length.
 */
export type Language = {
  readonly compile: (source: string) => Compiled | { readonly mistakes: readonly ExpressionMistake[] };
};

export type Compiled = { readonly condition: Condition; readonly lookups: readonly Lookup[] };

/** A condition of this size is evaluated in microseconds and still fits on a screen. */
const charactersMax = 2_000;
const limits = { maxAstNodes: 250, maxDepth: 24, maxListElements: 200, maxCallArguments: 8 };

export function createLanguage(setting: Setting): Language {
  const checker = createChecker(setting.vocabulary, limits);
  return {
    compile: (source) => {
      if (source.length > charactersMax)
        return refusal(0, `a condition has at most ${charactersMax} characters`);
      const parsed = parse(checker, source);
      if ('mistakes' in parsed) return parsed;
      const compiler = createCompiler(setting);
      const condition = compiler.compile(parsed.ast);
      if (compiler.mistakes.length > 0) return { mistakes: compiler.mistakes };
      const mistake = typeMistake(parsed);
      if (mistake) return { mistakes: [mistake] };
      return { condition: (evidence) => asAnswer(condition(evidence)), lookups: compiler.lookups };
    },
  };
}

function refusal(index: number, message: string): { readonly mistakes: readonly ExpressionMistake[] } {
  return { mistakes: [{ index, message, hint: null }] };
}

function asAnswer(value: ReturnType<Expression>): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

type Parsed = ReturnType<Environment['parse']>;

function parse(checker: Environment, source: string): Parsed | ReturnType<typeof refusal> {
  try {
    return checker.parse(source);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const message = error.summary.replace('Unexpected token: EOF', 'the condition ends too early');
    return refusal(error.range?.start ?? 0, sentence(message));
  }
}

function typeMistake(parsed: Parsed): ExpressionMistake | null {
  const { valid, type, error } = parsed.check();
  if (valid && type === 'bool') return null;
  if (valid)
    return { index: 0, message: `a condition is true or false, this is a ${type ?? 'value'}`, hint: null };
  const index = error?.range?.start ?? 0;
  const hint = error?.summary.includes('Money') ? 'compare with money("500.00", "EUR")' : null;
  return { index, message: sentence(error?.summary ?? 'this does not fit'), hint };
}

function sentence(summary: string): string {
  return summary
    .replace(/^no such overload: (.*)$/, 'cannot work out $1')
    .replace(/^[A-Z](?=[a-z])/, (c) => c.toLowerCase());
}
