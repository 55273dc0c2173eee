import { describe, expect, it } from '@jest/globals';
import { chooseAccount, percentileOf } from '../../src/domain/routing/choose-account.ts';
import { nextTry } from '../../src/domain/routing/next-try.ts';
import type { AttemptOutcome } from '../../src/domain/payment/outcome.ts';
import type { Currency } from '../../src/kernel/money.ts';
import { readRouting } from '../../src/psp/routing-file.ts';

const stripe = { psp: 'stripe', account: 'default', takesMethod: true, rests: false } as const;
const adyen = { psp: 'adyen', account: 'Shop', takesMethod: true, rests: false } as const;
const known = ['stripe/default', 'adyen/Shop'];

function rules(text: string) {
  const read = readRouting(text, known, 'routing.yaml');
  if (!read.ok) throw new Error(read.mistakes.join('\n'));
  return read.routing.rules;
}

const payment = (currency: string, amount: bigint, more: object = {}) => ({
  checkoutId: 'chk_1',
  total: { amount, currency: currency as Currency },
  ...more,
});

describe('routing rules', () => {
  const routing = rules(`
rules:
  - { id: big-dollars, when: { currency: [USD], amount: { from: 10000 } }, to: [adyen/Shop, stripe/default] }
  - { id: dutch-cards, when: { country: [NL], bin: ['4111', '55'] }, to: [adyen/Shop] }
`);
  it.each([
    ['USD', 10_000n, {}, 'adyen', 'rule big-dollars'],
    ['USD', 9_999n, {}, 'stripe', 'the first PSP account'],
    ['EUR', 10_000n, {}, 'stripe', 'the first PSP account'],
    ['EUR', 1n, { country: 'NL', bin: '411111' }, 'adyen', 'rule dutch-cards'],
    ['EUR', 1n, { country: 'NL', bin: '400000' }, 'stripe', 'the first PSP account'],
    ['EUR', 1n, { bin: '411111' }, 'stripe', 'the first PSP account'],
  ])('send %s %s with %j to %s because of %s', (currency, amount, more, psp, because) => {
    const [first] = chooseAccount(routing, payment(currency, amount, more), [stripe, adyen]);
    expect(first).toMatchObject({ psp, because });
  });

  it('divide checkouts by share, each always to the same side', () => {
    const half = rules('rules: [{ id: half, when: { share: 25 }, to: [adyen/Shop] }]');
    const sides = Array.from({ length: 4_000 }, (_, index) => {
      const where = chooseAccount(half, { ...payment('EUR', 1n), checkoutId: `chk_${index}` }, [
        stripe,
        adyen,
      ]);
      return where[0]?.psp;
    });
    const share = sides.filter((psp) => psp === 'adyen').length / 4_000;
    expect(Math.abs(share - 0.25)).toBeLessThan(0.03);
    expect(percentileOf('chk_1')).toBe(percentileOf('chk_1'));
  });

  it('pass over an account that rests, and say so', () => {
    const chosen = chooseAccount(routing, payment('USD', 20_000n), [stripe, { ...adyen, rests: true }]);
    expect(chosen).toEqual([
      { psp: 'stripe', account: 'default', because: 'rule big-dollars; adyen/Shop does not answer of late' },
      { psp: 'adyen', account: 'Shop', because: 'rule big-dollars, although it does not answer of late' },
    ]);
  });

  it('never choose an account that does not know the method', () => {
    const chosen = chooseAccount(routing, payment('USD', 20_000n), [
      stripe,
      { ...adyen, takesMethod: false },
    ]);
    expect(chosen.map(({ psp }) => psp)).toEqual(['stripe']);
  });
});

describe('a routing file with a mistake is refused with its place', () => {
  it.each([
    ['rules: [{ id: a-b, when: { curency: [EUR] }, to: [stripe/default] }]', /^routing.yaml:1:\d+ .*curency/],
    [
      'rules:\n  - { id: a-b, when: { currency: [XXY] }, to: [stripe/default] }',
      /^routing.yaml:2:35 .*not a currency/,
    ],
    [
      'rules:\n  - { id: a-b, when: {}, to: [stripe/other] }',
      /^routing.yaml:2:31 .*there is no account stripe\/other/,
    ],
    ['rules:\n  - { id: a-b, when: { amount: { from: 5 } }, to: [stripe/default] }', /one currency/],
    ['rules: [{ id: a-b, when: {}, to: [] }]', /^routing.yaml:1:\d+ rules.0.to/],
    ['rules: [', /^routing.yaml:1:/],
  ])('%s', (text, mistake) => {
    const read = readRouting(text, known, 'routing.yaml');
    expect(read.ok ? [] : read.mistakes).toEqual([expect.stringMatching(mistake)]);
  });
});

describe('another try follows', () => {
  const asked = { authentication: 'automatic', initiator: 'buyer' } as const;
  const declined = (code: string): AttemptOutcome =>
    ({ kind: 'declined', decline: { code, raw: code }, card: {} }) as AttemptOutcome;
  it.each([
    ['at another PSP when the first was not reached', asked, { kind: 'not_sent', cause: 'dns' }, 'failover'],
    ['at another PSP after a transient decline', asked, declined('issuer_unavailable'), 'failover'],
    ['with a challenge after a soft decline', asked, declined('authentication_required'), 'challenge'],
    [
      'never after a second soft decline',
      { ...asked, authentication: 'challenge' },
      declined('authentication_required'),
      undefined,
    ],
    [
      'never when nobody is there to be challenged',
      { ...asked, initiator: 'merchant' },
      declined('authentication_required'),
      undefined,
    ],
    ['never when the issuer said no for good', asked, declined('lost_or_stolen_card'), undefined],
    ['never when no answer was heard', asked, { kind: 'unknown', cause: 'timeout' }, undefined],
    ['never while the PSP is at it', asked, { kind: 'pending', pspReference: 'x' }, undefined],
  ] as const)('%s', (_, request, outcome, how) => {
    expect(nextTry(request, outcome)?.how).toBe(how);
  });
});
