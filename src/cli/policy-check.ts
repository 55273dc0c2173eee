import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPolicies, surroundingsOf, declaredModels, type Sources } from '../risk/generation.ts';
import { readLists } from '../risk/policy/lists.ts';
import { toText, type Mistake } from '../risk/policy/mistake.ts';
import { runExamples } from '../risk/policy/examples.ts';
import { readPolicy, type ReadPolicy, type Surroundings } from '../risk/policy/read-policy.ts';

/** What a command prints: its lines, then its summary as JSON; and whether what it checks holds. */
export type Outcome = {
  readonly lines: readonly string[];
  readonly summary?: object;
  readonly holds: boolean;
};

/** Checks the files named, or the whole directory with what only shows between files. */
export async function check(sources: Sources, files: readonly string[]): Promise<Outcome> {
  const mistakes: Mistake[] = [];
  let policies = files.length;
  if (files.length === 0) {
    const read = await readPolicies(sources.policies, await declaredModels(sources.models));
    policies = read.files.size;
    mistakes.push(...read.mistakes);
  }
  for (const file of files) {
    const read = await readOne(sources, file);
    if ('mistakes' in read) mistakes.push(...read.mistakes);
  }
  return {
    lines: mistakes.map(toText),
    summary: { policies, mistakes: mistakes.length },
    holds: mistakes.length === 0,
  };
}

/** Runs the examples beside the policies named, or beside all of them. */
export async function test(sources: Sources, files: readonly string[]): Promise<Outcome> {
  const surroundings = await surroundingsIn(sources);
  const { all, mistakes } = files.length > 0 ? { all: files, mistakes: [] } : await policyFiles(sources);
  // A policy that is refused keeps none of its promises.
  const failures = [...mistakes];
  let run = 0;
  for (const file of all) {
    const examples = file.replace(/\.yaml$/, '.test.yaml');
    const text = await textIn(examples);
    if (typeof text === 'object' && files.length === 0) continue;
    const read = await readOne(sources, file, surroundings);
    if ('mistakes' in read) failures.push(...read.mistakes);
    else if (typeof text === 'object') failures.push(text);
    else {
      const result = runExamples(examples, text, read.policy, surroundings);
      run += result.run;
      failures.push(...result.mistakes);
    }
  }
  return {
    lines: failures.map(toText),
    summary: { examples: run, failed: failures.length },
    holds: failures.length === 0,
  };
}

async function policyFiles(sources: Sources) {
  const { files, mistakes } = await readPolicies(sources.policies, await declaredModels(sources.models));
  return { all: [...files.keys()].map((file) => join(sources.policies, file)), mistakes };
}

export async function surroundingsIn({ policies, models }: Sources): Promise<Surroundings> {
  const path = join(policies, 'lists.yaml');
  const { lists } = existsSync(path) ? readLists(path, await readFile(path, 'utf8')) : { lists: new Map() };
  return surroundingsOf(await declaredModels(models), lists);
}

export async function readOne(
  sources: Sources,
  file: string,
  surroundings?: Surroundings,
): Promise<ReadPolicy> {
  const text = await textIn(file);
  return typeof text === 'object'
    ? { mistakes: [text] }
    : readPolicy(file, text, surroundings ?? (await surroundingsIn(sources)));
}

/** What an analyst named may not be there, or be a folder. */
async function textIn(file: string): Promise<string | Mistake> {
  return readFile(file, 'utf8').catch((cause: unknown) => ({
    file,
    line: 1,
    column: 1,
    message: `it cannot be read: ${cause instanceof Error ? cause.message.replace(/,.*$/, '') : String(cause)}`,
    hint: null,
  }));
}
