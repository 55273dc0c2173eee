import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { featuresOf } from '../domain/risk/features/library.ts';
import { writeFeatures } from './model-files.ts';
import { run, trainerPython } from './trainer.ts';
import { readArguments } from './arguments.ts';

/** `npm run scorecard [-- --model DIR]`: makes a model of a hand-written scorecard, after its points were changed. */
const { values: options } = readArguments({
  options: {
    model: { type: 'string', default: 'models/account-creation-1' },
    cache: { type: 'string', default: '.tillgate/training' },
  },
});
const card = JSON.parse(readFileSync(join(options.model, 'scorecard.json'), 'utf8')) as {
  readonly points: readonly { readonly feature: string }[];
};
const asked = new Set(card.points.map(({ feature }) => feature));
const inputs = featuresOf('account_creation').filter(({ name }) => asked.delete(name));
if (asked.size > 0) throw new Error(`a sign-up has no feature ${[...asked].join(', ')}`);
mkdirSync(options.cache, { recursive: true });
writeFeatures(options.model, 'account_creation', inputs);
run(trainerPython(options.cache), ['models/training/scorecard.py', options.model]);
