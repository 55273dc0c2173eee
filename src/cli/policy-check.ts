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
  const all = files.length > 0 ? files : await policyFiles(sources);
  const lines: string[] = [];
  let failed = 0;
  let run = 0;
  for (const file of all) {
    const examples = file.replace(/\.yaml$/, '.test.yaml');
    if (!existsSync(examples)) continue;
    const read = await readOne(sources, file, surroundings);
    const result =
      'policy' in read
        ? runExamples(examples, await readFile(examples, 'utf8'), read.policy, surroundings)
        : { run: 0, mistakes: read.mistakes };
    run += result.run;
    failed += result.mistakes.length;
    lines.push(...result.mistakes.map(toText));
  }
  return { lines, summary: { examples: run, failed }, holds: failed === 0 };
}

async function policyFiles(sources: Sources): Promise<readonly string[]> {
  const { files } = await readPolicies(sources.policies, await declaredModels(sources.models));
  return [...files.keys()].map((file) => join(sources.policies, file));
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
  return readPolicy(file, await readFile(file, 'utf8'), surroundings ?? (await surroundingsIn(sources)));
}
