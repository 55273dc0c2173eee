import { describe, expect, test } from '@jest/globals';
import { createVocabulary, scoreTerm, type Term } from '../../../src/domain/risk/policy/vocabulary.ts';
import type { Evidence } from '../../../src/domain/risk/policy/condition.ts';
import { money, type Currency } from '../../../src/kernel/money.ts';
import { createLanguage } from '../../../src/risk/policy/expression.ts';

const eur = 'EUR' as Currency;
const features: readonly Term[] = [
  { name: 'email.known_frauds', type: 'number', text: '' },
  { name: 'email.disposable', type: 'boolean', text: '' },
  { name: 'ip.declines_10m', type: 'number', text: '' },
];
const vocabulary = createVocabulary('checkout', features);
const language = createLanguage({
  vocabulary: { ...vocabulary, terms: [...vocabulary.terms, scoreTerm] },
  lists: new Map([['blocked-emails', { kind: 'block', of: 'email.address', text: '' }]]),
  amounts: new Map([['large', new Map([[eur, money(50_000n, eur)]])]]),
});

function answer(condition: string, evidence: Evidence = {}): boolean | undefined {
  const compiled = language.compile(condition);
  if ('mistakes' in compiled) throw new Error(compiled.mistakes.map(({ message }) => message).join('; '));
  return compiled.condition(evidence);
}

function mistakes(condition: string): readonly string[] {
  const compiled = language.compile(condition);
  return 'mistakes' in compiled
    ? compiled.mistakes.map(({ index, message, hint }) => `${index}: ${message}${hint ? ` (${hint})` : ''}`)
    : [];
}

describe('a condition', () => {
  test.each<[string, Evidence, boolean | undefined]>([
    ['score >= 0.3', { score: 0.3 }, true],
    ['email.known_frauds > 0', { 'email.known_frauds': 0 }, false],
    ['email.known_frauds == 2', { 'email.known_frauds': 2 }, true],
    ['email.disposable', { 'email.disposable': true }, true],
    ['!email.disposable', { 'email.disposable': true }, false],
    ['email.known_frauds + ip.declines_10m >= 3', { 'email.known_frauds': 1, 'ip.declines_10m': 2 }, true],
    [
      'ip.declines_10m / email.known_frauds > 1',
      { 'email.known_frauds': 0, 'ip.declines_10m': 2 },
      undefined,
    ],
    ['score > 0.5 ? email.disposable : true', { score: 0.1 }, true],
    ['card.country in ["DE", "FR"]', { 'card.country': 'FR' }, true],
    ['email.known_frauds in [1, 2]', { 'email.known_frauds': 2 }, true],
    ['card.bin.startsWith("4571")', { 'card.bin': '457112' }, true],
    ['card.bin.matches("^45(71|72)")', { 'card.bin': '457212' }, true],
    ['order.amount > money("500.00", "EUR")', { 'order.amount': '50001 EUR' }, true],
    ['order.amount == money("500", "EUR")', { 'order.amount': '50000 EUR' }, true],
    ['order.amount > money("500.00", "EUR")', { 'order.amount': '99999 USD' }, undefined],
    ['order.amount > amount("large")', { 'order.amount': '50001 EUR', 'order.currency': 'EUR' }, true],
    ['order.amount > amount("large")', { 'order.amount': '50001 USD', 'order.currency': 'USD' }, undefined],
    ['in_list("blocked-emails", email.address)', { 'in_list(blocked-emails, email.address)': true }, true],
  ])('%s with %j is %s', (condition, evidence, expected) => {
    expect(answer(condition, evidence)).toBe(expected);
  });

  test.each<[string, boolean | undefined]>([
    ['email.known_frauds > 0', undefined],
    ['!(email.known_frauds > 0)', undefined],
    ['email.known_frauds > 0 && score < 0.5', false],
    ['score < 0.5 && email.known_frauds > 0', false],
    ['email.known_frauds > 0 && score > 0.5', undefined],
    ['email.known_frauds > 0 || score > 0.5', true],
    ['score > 0.5 || email.known_frauds > 0', true],
    ['email.known_frauds > 0 || score < 0.5', undefined],
    ['known(email.known_frauds)', false],
    ['known(email.known_frauds) && email.known_frauds > 0', false],
    ['!known(email.known_frauds) || email.known_frauds > 0', true],
    ['email.known_frauds == email.known_frauds', undefined],
    ['email.disposable ? true : true', undefined],
  ])('tells an unknown value from a false one: %s is %s', (condition, expected) => {
    expect(answer(condition, { score: 0.9, 'email.known_frauds': null })).toBe(expected);
  });

  // A backtracking engine would need longer than the universe has been there.
  test('matches patterns in linear time [F13.6]', () => {
    expect(answer('card.bin.matches("^(a+)+$")', { 'card.bin': `${'a'.repeat(50_000)}b` })).toBe(false);
  });
});

describe('a mistaken condition', () => {
  test.each<[string, readonly string[]]>([
    [
      'email.known_fraud > 0',
      ['0: email.known_fraud is not declared at checkout (did you mean email.known_frauds?)'],
    ],
    [
      'emal.x > 0 && scor > 1',
      ['0: emal.x is not declared at checkout', '14: scor is not declared at checkout (did you mean score?)'],
    ],
    ['score >', ['7: the condition ends too early']],
    ['score in []', ['9: a list in brackets holds at least one value']],
    ['score', ['0: a condition is true or false, this is a double']],
    ['email.disposable > 1', ['0: cannot work out bool > int']],
    ['order.amount > 5', ['0: cannot work out Money > int (compare with money("500.00", "EUR"))']],
    [
      'email.address == "a@b.example"',
      [
        '0: email.address names a person and can only be looked up in a list (write in_list("…", email.address))',
      ],
    ],
    [
      'in_list("blocked-email", email.address)',
      ['8: there is no list blocked-email (did you mean blocked-emails?)'],
    ],
    [
      'in_list("blocked-emails", device.id)',
      ['26: the list blocked-emails holds email.address, not device.id'],
    ],
    [
      'order.amount > money("5.001", "EUR")',
      ['15: 5.001 is not an amount of EUR (write digits, a point and at most 2 decimals)'],
    ],
    ['order.amount > money("5.00", "EURO")', ['15: EURO is not a currency we take (did you mean EUR?)']],
    ['order.amount > amount("larg")', ['15: there is no amount larg (did you mean large?)']],
    ['knwn(score)', ['0: there is no function knwn (did you mean known?)']],
    ['card.bin.startWith("4")', ['0: there is no function startWith of text (did you mean startsWith?)']],
    ['[1, 2].all(x, x > 0)', ['0: there is no function all of text']],
    ['{"a": 1}["a"] == 1', ['0: [] is not part of the language of conditions']],
    ['size(card.bin) > 3', ['0: there is no function size']],
  ])('%s is refused in its place [F13.5]', (condition, expected) => {
    expect(mistakes(condition)).toEqual(expected);
  });

  test('that costs too much is refused [F13.6]', () => {
    expect(mistakes(Array(200).fill('score > 0.1').join(' || '))[0]).toMatch(/at most 2000 characters/);
    expect(mistakes(Array(120).fill('score>0').join('||'))[0]).toMatch(/maxAstNodes/i);
    expect(mistakes(`${'('.repeat(40)}score > 0.1${')'.repeat(40)}`)[0]).toMatch(/maxDepth/i);
  });

  test('with a pattern that is none is refused', () => {
    expect(mistakes('card.bin.matches("(4")')[0]).toMatch(/^17: not a pattern: /);
  });
});
