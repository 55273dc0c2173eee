import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assessmentEvents, type AssessmentEvent } from '../domain/risk/decision.ts';
import { featuresOf } from '../domain/risk/features/library.ts';
import type { ListDeclarations } from '../domain/risk/policy/list.ts';
import type { Policy } from '../domain/risk/policy/policy.ts';
import type { Decider, Deciders } from './conclusion.ts';
import { termOf } from './evidence.ts';
import { hashOfModel, ModelRefused, readModelFiles } from './model/files.ts';
import { loadModel, type Model } from './model/model.ts';
import { readLists } from './policy/lists.ts';
import { toText, type Mistake } from './policy/mistake.ts';
import { readPolicy, type Surroundings } from './policy/read-policy.ts';

/** Everything that decides, loaded and checked together, and swapped together. */
export type Generation = {
  readonly deciders: ReadonlyMap<AssessmentEvent, Deciders>;
  readonly models: ReadonlyMap<string, Model>;
  readonly lists: ListDeclarations;
};

export type Sources = { readonly policies: string; readonly models: string };

/**
 * Loads policies, lists and models that fit together. Throws `GenerationRefused` with everything that does not. Models that
 * are as they were are taken over: loading and proving one takes longer than an assessment should wait.
 */
export async function loadGeneration(sources: Sources, previous?: Generation): Promise<Generation> {
  const models = await loadModels(sources.models, previous?.models ?? new Map());
  const { files, lists, mistakes } = await readPolicies(sources.policies, models);
  if (mistakes.length > 0) throw new GenerationRefused(mistakes);
  const deciders = new Map<AssessmentEvent, Deciders>();
  for (const event of assessmentEvents) {
    const policy = files.get(liveFile(event));
    if (policy === undefined) throw new Error(`${liveFile(event)} was checked and is gone`);
    const challengers = policy.challengers.map(({ name, policyFile, model }) => {
      const other = policyFile === null ? policy : files.get(policyFile);
      if (other === undefined) throw new Error(`${policyFile ?? name} was checked and is gone`);
      return { name, ...deciderOf(model === null ? other : { ...other, model }, models) };
    });
    deciders.set(policy.event, { ...deciderOf(policy, models), challengers });
  }
  return { deciders, models, lists };
}

/** A policy with the model that it names. */
export function deciderOf(policy: Policy, models: ReadonlyMap<string, Model>): Decider {
  return { policy, model: policy.model === null ? null : (models.get(policy.model) ?? null) };
}

/** Loads every model of a directory, by name. Throws `GenerationRefused` when one is no good. */
async function loadModels(
  directory: string,
  previous: ReadonlyMap<string, Model>,
): Promise<ReadonlyMap<string, Model>> {
  const models = new Map<string, Model>();
  const mistakes: Mistake[] = [];
  for (const name of await modelNames(directory)) {
    const path = join(directory, name);
    try {
      const known = previous.get(name);
      models.set(name, known?.hash === (await hashOfModel(path)) ? known : await loadModel(path));
    } catch (error) {
      if (!(error instanceof ModelRefused)) throw error;
      mistakes.push({ file: path, line: 1, column: 1, message: error.message, hint: null });
    }
  }
  if (mistakes.length > 0) throw new GenerationRefused(mistakes);
  return models;
}

/** The models of a directory by what they read, without loading them: enough to check policies against. */
export async function declaredModels(
  directory: string,
): Promise<ReadonlyMap<string, Pick<Model, 'features'>>> {
  const models = new Map<string, Pick<Model, 'features'>>();
  for (const name of await modelNames(directory)) {
    const { features } = await readModelFiles(join(directory, name));
    models.set(name, { features: features.inputs.map((input) => input.name) });
  }
  return models;
}

async function modelNames(directory: string): Promise<readonly string[]> {
  const names = existsSync(directory) ? await readdir(directory) : [];
  return names.filter((name) => existsSync(join(directory, name, 'model.onnx'))).toSorted();
}

export type PolicyFiles = {
  /** Policies by path relative to the directory; those in `challengers/` are tried, not lived by. */
  readonly files: ReadonlyMap<string, Policy>;
  readonly lists: ListDeclarations;
  readonly mistakes: readonly Mistake[];
};

/** What policies are checked against here. */
export function surroundingsOf(
  models: ReadonlyMap<string, Pick<Model, 'features'>>,
  lists: ListDeclarations,
): Surroundings {
  return {
    featuresOf: (event) => featuresOf(event).map(termOf),
    models: new Map([...models].map(([name, model]) => [name, model.features])),
    lists,
  };
}

/** Reads every policy file of a directory and checks each alone and all together. */
export async function readPolicies(
  directory: string,
  models: ReadonlyMap<string, Pick<Model, 'features'>>,
): Promise<PolicyFiles> {
  const mistakes: Mistake[] = [];
  const wrong = (file: string, message: string): void => {
    mistakes.push({ file: join(directory, file), line: 1, column: 1, message, hint: null });
  };
  const text = (file: string): Promise<string> => readFile(join(directory, file), 'utf8');
  const declared = existsSync(join(directory, listsFile))
    ? readLists(join(directory, listsFile), await text(listsFile))
    : { lists: new Map(), mistakes: [] };
  mistakes.push(...declared.mistakes);

  const files = new Map<string, Policy>();
  const refused = new Set<string>();
  for (const file of await policyFilesIn(directory)) {
    const read = readPolicy(join(directory, file), await text(file), surroundingsOf(models, declared.lists));
    if ('policy' in read) files.set(file, read.policy);
    else {
      refused.add(file);
      mistakes.push(...read.mistakes);
    }
  }
  for (const [file, { challengers, event }] of files)
    for (const { policyFile, name } of challengers) {
      if (policyFile === null || refused.has(policyFile)) continue;
      const other = files.get(policyFile);
      if (other === undefined) wrong(file, `the challenger ${name} has no policy file ${policyFile}`);
      else if (other.event !== event)
        wrong(file, `the challenger ${name} is a policy for ${other.event}, not ${event}`);
    }
  for (const event of assessmentEvents) {
    const file = liveFile(event);
    const policy = files.get(file);
    if (policy === undefined && !refused.has(file))
      wrong(file, `${event} needs a policy, there is no such file`);
    if (policy !== undefined && policy.event !== event)
      wrong(file, `it is a policy for ${policy.event}, not ${event}`);
  }
  return { files, lists: declared.lists, mistakes };
}

const listsFile = 'lists.yaml';
const challengersFolder = 'challengers';

/** Each event has one live policy under a fixed name: a stray file beside it decides nothing. */
function liveFile(event: AssessmentEvent): string {
  return `${event.replace('_', '-')}.yaml`;
}

async function policyFilesIn(directory: string): Promise<readonly string[]> {
  const folder = join(directory, challengersFolder);
  const challengers = existsSync(folder) ? await readdir(folder) : [];
  return [
    ...assessmentEvents.map(liveFile).filter((file) => existsSync(join(directory, file))),
    ...challengers
      .filter((file) => file.endsWith('.yaml') && !file.endsWith('.test.yaml'))
      .map((file) => `${challengersFolder}/${file}`),
  ].toSorted();
}

/** The files do not fit together: the start is refused, or the last good generation stays. */
export class GenerationRefused extends Error {
  readonly code = 'generation_refused';
  readonly mistakes: readonly Mistake[];
  constructor(mistakes: readonly Mistake[]) {
    super(mistakes.map(toText).join('\n'));
    this.name = 'GenerationRefused';
    this.mistakes = mistakes;
  }
}
