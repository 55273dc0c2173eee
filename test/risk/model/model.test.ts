import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel, type Model } from '../../../src/risk/model/model.ts';

const shipped = new URL('../../../models/checkout-1', import.meta.url).pathname;

type Golden = {
  rows: { values: (number | null)[]; log_odds: number; contributions: number[]; expected: number }[];
};
const golden = JSON.parse(readFileSync(join(shipped, 'golden.json'), 'utf8')) as Golden;
const rows = golden.rows.map(({ values }) => Float32Array.from(values, (value) => value ?? NaN));

describe('the shipped model', () => {
  let model: Model;
  beforeAll(async () => {
    model = await loadModel(shipped);
  });

  test('scores as its trainer does, within a millionth', async () => {
    const { slope, intercept } = JSON.parse(readFileSync(join(shipped, 'calibration.json'), 'utf8')) as {
      slope: number;
      intercept: number;
    };
    for (const [index, row] of rows.entries()) {
      const { probability } = await model.score(row);
      const trained = 1 / (1 + Math.exp(-(slope * golden.rows[index]!.log_odds + intercept)));
      expect(Math.abs(probability - trained)).toBeLessThanOrEqual(1e-6);
    }
  });

  test('explains as its trainer does, and the explanation adds up to the score', async () => {
    for (const [index, row] of rows.entries()) {
      const contributions = model.explain.contributions(row);
      const { contributions: trained, log_odds, expected } = golden.rows[index]!;
      for (const [at, contribution] of contributions.entries())
        expect(Math.abs(contribution - trained[at]!)).toBeLessThanOrEqual(1e-5);
      expect(Math.abs(model.explain.expected - expected)).toBeLessThanOrEqual(1e-5);
      const sum = contributions.reduce((a, b) => a + b, model.explain.expected);
      expect(Math.abs(sum - log_odds)).toBeLessThanOrEqual(1e-5);
      expect(Math.abs(sum - (await model.score(row)).logOdds)).toBeLessThanOrEqual(1e-5);
    }
  });

  test('does not mix up rows that are scored at once', async () => {
    const alone: number[] = [];
    for (const row of rows) alone.push((await model.score(row)).logOdds);
    const together = await Promise.all(rows.map((row) => model.score(row)));
    expect(together.map(({ logOdds }) => logOdds)).toEqual(alone);
  });
});

test('where the ONNX runtime cannot be loaded the trees score, equal to a millionth', async () => {
  const [onnx, trees] = [await loadModel(shipped), await loadModel(shipped, () => Promise.resolve(null))];
  expect([onnx.engine, trees.engine]).toEqual(['onnx', 'trees']);
  for (const row of rows) {
    const difference = (await onnx.score(row)).probability - (await trees.score(row)).probability;
    expect(Math.abs(difference)).toBeLessThanOrEqual(1e-6);
  }
});

test('a model that comes to answer NaN once it serves gives no score [F13.3]', async () => {
  let asked = 0;
  const onnx = await loadModel(shipped);
  const model = await loadModel(shipped, () =>
    Promise.resolve(async (row) => {
      asked += 1;
      return asked <= rows.length ? (await onnx.score(row)).logOdds : NaN;
    }),
  );
  await expect(model.score(rows[0]!)).rejects.toThrow('checkout-1 scored NaN');
});

describe('a model is refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tillgate-model-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const altered = (name: string, file: string, change: (text: string) => string | Uint8Array): string => {
    const copy = join(folder, name);
    cpSync(shipped, copy, { recursive: true });
    writeFileSync(join(copy, file), change(readFileSync(join(copy, file), 'utf8')));
    return copy;
  };

  test.each<[string, string, (text: string) => string | Uint8Array, RegExp]>([
    [
      'whose ONNX file is cut short [F13.1]',
      'model.onnx',
      () => readFileSync(join(shipped, 'model.onnx')).subarray(0, 90_000),
      /model\.onnx is no model/,
    ],
    ['whose ONNX file is empty', 'model.onnx', () => '', /model\.onnx is no model/],
    [
      'whose calibration is no number',
      'calibration.json',
      () => '{"method":"platt","slope":null,"intercept":0}',
      /calibration\.json has another shape/,
    ],
    [
      'whose trees are another model’s',
      'trees.json',
      (text) => text.replace(/"value": ?\[[^\]]*\]/, (list) => list.replace(/-?\d+\.\d+/g, '0.5')),
      /trees\.json scores golden row \d+/,
    ],
    ['whose trees are no JSON', 'trees.json', (text) => text.slice(0, 1000), /trees\.json has another shape/],
    [
      'with a feature that nobody computes [F13.2]',
      'features.json',
      (text) => text.replace('"name": "email.known_frauds"', '"name": "email.unknown_thing"'),
      /does not compute its feature email\.unknown_thing/,
    ],
    [
      'with another feature library',
      'features.json',
      (text) => text.replace(/"hash": "[0-9a-f]{64}"/, `"hash": "${'0'.repeat(64)}"`),
      /declare the same names differently/,
    ],
    [
      'with golden rows that it does not score',
      'golden.json',
      (text) => text.replace(/"log_odds": ?-?\d+\.\d+/, '"log_odds": 3.5'),
      /scores golden row 0/,
    ],
    [
      'with an explanation that is not its trainer’s',
      'golden.json',
      (text) => text.replace(/"contributions": ?\[-?[\d.e-]+/, '"contributions": [9.5'),
      /the contribution of input 0/,
    ],
  ])('%s', async (name, file, change, why) => {
    await expect(loadModel(altered(name, file, change))).rejects.toThrow(why);
  });

  test('whose ONNX file is a good one of another model [F13.2]', async () => {
    const foreign = readFileSync(join(shipped, '../account-creation-1/model.onnx'));
    await expect(loadModel(altered('foreign', 'model.onnx', () => foreign))).rejects.toThrow(
      /model\.onnx cannot score a row|scores golden row 0/,
    );
  });

  test('that answers NaN [F13.3]', async () => {
    await expect(loadModel(shipped, () => Promise.resolve(() => Promise.resolve(NaN)))).rejects.toThrow(
      /scores golden row 0 NaN/,
    );
  });

  test('that is not there', async () => {
    await expect(loadModel(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'model_refused' });
  });
});
