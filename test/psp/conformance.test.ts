import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { showFigure } from '../harness/figure.ts';
import { adyenStand } from './adyen-stand.ts';
import { faultCases } from './fault-cases.ts';
import { paymentCases } from './payment-cases.ts';
import type { Stand } from './stand.ts';
import { stripeStand } from './stripe-stand.ts';
import { webhookCases } from './webhook-cases.ts';

const stands: Readonly<Record<string, () => Promise<Stand>>> = { stripe: stripeStand, adyen: adyenStand };
const cases = { ...paymentCases, ...faultCases, ...webhookCases };
const results = new Map<string, string>();

describe.each(Object.keys(stands))('an adapter for %s', (name) => {
  let stand: Stand;
  beforeAll(async () => {
    stand = (await stands[name]?.())!;
  });
  afterAll(() => stand.close());

  test.each(Object.entries(cases))('%s', async (sentence, check) => {
    results.set(`${name} ${sentence}`, 'FAILS');
    await check(stand);
    results.set(`${name} ${sentence}`, 'holds');
  });
});

afterAll(() => {
  const names = Object.keys(stands);
  const width = Math.max(...Object.keys(cases).map((sentence) => withoutFaults(sentence).length));
  const row = (first: string, cells: readonly string[]): string =>
    `${first.padEnd(width)}  ${cells.map((cell) => cell.padEnd(8)).join('')}\n`;
  const rows = Object.keys(cases).map((sentence) =>
    row(
      withoutFaults(sentence),
      names.map((name) => results.get(`${name} ${sentence}`) ?? 'not run'),
    ),
  );
  const totals = names.map((name) => {
    const held = Object.keys(cases).filter((sentence) => results.get(`${name} ${sentence}`) === 'holds');
    return `${held.length}/${rows.length}`;
  });
  showFigure(`${row('What every PSP adapter does', names)}${rows.join('')}${row('', totals)}`);
});

function withoutFaults(sentence: string): string {
  return sentence.replaceAll(/ ?\[F[\d.]+\]/g, '');
}
