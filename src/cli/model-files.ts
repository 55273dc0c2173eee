import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { AssessmentEvent } from '../domain/risk/decision.ts';
import { declarationOf, type Feature } from '../domain/risk/features/feature.ts';
import { library } from '../domain/risk/features/library.ts';
import { featureHash } from '../risk/signals/feature-hash.ts';

/** Writes the features.json of a model: what it reads, in order, as the library declares it now. */
export function writeFeatures(directory: string, event: AssessmentEvent, inputs: readonly Feature[]): void {
  const declarations = inputs.map(declarationOf);
  const content = {
    model: basename(directory),
    event,
    hash: featureHash(declarations),
    library: featureHash(library.map(declarationOf)),
    inputs: declarations,
  };
  writeFileSync(join(directory, 'features.json'), `${JSON.stringify(content, null, 2)}\n`);
}
