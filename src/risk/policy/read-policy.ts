import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Degradation, Exemption } from '../../domain/risk/assessment.ts';
import {
  assessmentEvents,
  legalDecisions,
  type AssessmentEvent,
  type Decision,
} from '../../domain/risk/decision.ts';
import { toMoneyText, type Condition } from '../../domain/risk/policy/condition.ts';
import type { ListDeclarations } from '../../domain/risk/policy/list.ts';
import {
  defaultDegraded,
  type Challenger,
  type ExemptionRule,
  type Lookup,
  type Policy,
  type Rule,
} from '../../domain/risk/policy/policy.ts';
import { createVocabulary, scoreTerm, type Term } from '../../domain/risk/policy/vocabulary.ts';
import { readAmounts } from './amounts.ts';
import { createLanguage, type Language } from './expression.ts';
import { suggestion, type Mistake } from './mistake.ts';
import { readYaml, type Place, type YamlFile } from './yaml-file.ts';

/** What policies are checked against. */
export type Surroundings = {
  /** The features that are computed at an event. */
  readonly featuresOf: (event: AssessmentEvent) => readonly Term[];
  /** The names of the loaded models, each with the features that it reads. */
  readonly models: ReadonlyMap<string, readonly string[]>;
  readonly lists: ListDeclarations;
};

export type ReadPolicy = { readonly policy: Policy } | { readonly mistakes: readonly Mistake[] };

const exemptions = [
  'transaction_risk_analysis',
  'low_value',
  'trusted_beneficiary',
  'merchant_initiated',
] as const;
const degradations = Object.keys(defaultDegraded) as Degradation[];
/** A thousand rules would still be evaluated within a millisecond; nobody can read as many. */
const rulesMax = 200;

/** Checks one policy file as a whole and compiles it, or says everything that is wrong with it. */
export function readPolicy(path: string, source: string, surroundings: Surroundings): ReadPolicy {
  const file = readYaml(path, source);
  const top = file.fields(file.root, 'a policy', {
    required: ['policy', 'rules'],
    optional: ['model', 'amounts', 'otherwise', 'degraded', 'exemptions', 'shadow'],
  });
  const event = file.choice(top.get('policy'), '`policy`', assessmentEvents);
  // Without its event a policy has no names to check its conditions against.
  if (event === undefined) return { mistakes: inOrder(file.mistakes) };

  const features = surroundings.featuresOf(event);
  const model = readModel(file, top.get('model'), event, features, surroundings);
  const amounts = readAmounts(file, top.get('amounts'));
  const vocabulary = createVocabulary(event, features);
  const language = createLanguage({
    vocabulary: model === null ? vocabulary : { ...vocabulary, terms: [...vocabulary.terms, scoreTerm] },
    lists: surroundings.lists,
    amounts,
  });
  const lookups: Lookup[] = [];
  const condition = (
    place: Place | undefined,
  ): { readonly text: string; readonly when: Condition } | undefined => {
    const text = file.text(place, '`when`');
    if (text === undefined || place === undefined) return undefined;
    const when = readCondition(file, place, text, language, lookups);
    return when && { text, when };
  };

  const rules = readRules(file, top.get('rules'), event, condition);
  const otherwise = file.choice(top.get('otherwise'), '`otherwise`', legalDecisions[event]) ?? 'allow';
  const degraded = readDegraded(file, top.get('degraded'), event);
  const asked = readExemptions(file, top.get('exemptions'), event, condition);
  const challengers = readChallengers(file, top.get('shadow'), event, features, surroundings);
  if (file.mistakes.length > 0) return { mistakes: inOrder(file.mistakes) };

  const asks = new Map(
    lookups.flatMap(({ list }) => {
      const declared = surroundings.lists.get(list);
      return declared === undefined ? [] : [[list, declared] as const];
    }),
  );
  const content = {
    event,
    model,
    otherwise,
    degraded,
    challengers,
    rules: rules.map(({ text: when, id, then, reason }) => ({ id, when, then, reason })),
    exemptions: asked.map(({ text: when, request }) => ({ request, when })),
    amounts: [...amounts].map(([name, limits]) => [name, [...limits.values()].map(toMoneyText)]),
    lists: lookups.map(({ list }) => ({ list, ...surroundings.lists.get(list) })),
  };
  return {
    policy: {
      event,
      source,
      lists: Object.fromEntries(asks),
      model,
      otherwise,
      degraded,
      challengers,
      rules,
      exemptions: asked,
      lookups: [...new Map(lookups.map((lookup) => [lookup.name, lookup])).values()],
      hash: createHash('sha256')
        .update(canonicalize(content) ?? '')
        .digest('hex'),
    },
  };
}

type ReadCondition = (
  place: Place | undefined,
) => { readonly text: string; readonly when: Condition } | undefined;

function readCondition(
  file: YamlFile,
  place: Place,
  text: string,
  language: Language,
  lookups: Lookup[],
): Condition | undefined {
  const compiled = language.compile(text);
  if ('mistakes' in compiled) {
    for (const { index, message, hint } of compiled.mistakes)
      file.report(file.offsetIn(place, text, index), message, hint);
    return undefined;
  }
  lookups.push(...compiled.lookups);
  return compiled.condition;
}

function readModel(
  file: YamlFile,
  place: Place | undefined,
  event: AssessmentEvent,
  features: readonly Term[],
  { models }: Surroundings,
): string | null {
  const name = place && file.text(place, '`model`');
  if (place === undefined || name === undefined) return null;
  const reads = models.get(name);
  if (reads === undefined) {
    file.report(
      place.offset,
      `there is no model ${name}`,
      suggestion(name, models.keys()) ?? known(models.keys()),
    );
    return name;
  }
  const computed = new Set(features.map((feature) => feature.name));
  const absent = reads.filter((feature) => !computed.has(feature));
  if (absent.length > 0)
    file.report(
      place.offset,
      `the model ${name} reads ${absent.join(', ')}, which ${event} does not compute`,
    );
  return name;
}

function readRules(
  file: YamlFile,
  place: Place | undefined,
  event: AssessmentEvent,
  condition: ReadCondition,
): readonly Rule[] {
  const seen = new Set<string>();
  const items = file.items(place, '`rules`');
  const excess = items[rulesMax];
  if (excess) file.report(excess.offset, `a policy has at most ${rulesMax} rules`);
  return items.slice(0, rulesMax).flatMap((item) => {
    const fields = file.fields(item, 'a rule', { required: ['id', 'when', 'then', 'reason'], optional: [] });
    const id = readId(file, fields.get('id'), seen);
    const compiled = fields.has('when') ? condition(fields.get('when')) : undefined;
    const then = readDecision(file, fields.get('then'), '`then`', event);
    const reason = fields.has('reason') ? file.text(fields.get('reason'), '`reason`') : undefined;
    if (id === undefined || compiled === undefined || then === undefined || reason === undefined) return [];
    return [{ id, ...compiled, then, reason }];
  });
}

function readId(file: YamlFile, place: Place | undefined, seen: Set<string>): string | undefined {
  const id = place && file.text(place, '`id`');
  if (place === undefined || id === undefined) return undefined;
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(id))
    file.report(place.offset, `an id is written in lower case with dashes, not ${id}`);
  if (seen.has(id))
    file.report(place.offset, `the id ${id} is used twice`, 'assessments name rules by their id');
  seen.add(id);
  return id;
}

function readDecision(
  file: YamlFile,
  place: Place | undefined,
  what: string,
  event: AssessmentEvent,
): Decision | undefined {
  if (place === undefined) return undefined;
  const decision = file.scalar(place);
  const legal = legalDecisions[event];
  if (decision === 'review' && !legal.includes('review')) {
    file.report(
      place.offset,
      `there is nothing to review at ${event}: no money is held`,
      `use ${legal.join(', ')}`,
    );
    return undefined;
  }
  return file.choice(place, what, legal);
}

function readDegraded(
  file: YamlFile,
  place: Place | undefined,
  event: AssessmentEvent,
): Readonly<Record<Degradation, Decision>> {
  const degraded = { ...defaultDegraded };
  if (place === undefined) return degraded;
  const fields = file.fields(place, '`degraded`', { required: [], optional: degradations });
  for (const part of degradations) {
    const entry = fields.get(part);
    const decision = readDecision(file, entry, `\`${part}\``, event);
    if (entry === undefined || decision === undefined) continue;
    if (decision === 'allow')
      file.report(
        entry.offset,
        'a missing part cannot mean allow',
        'an attacker would only have to break it',
      );
    degraded[part] = decision;
  }
  return degraded;
}

function readExemptions(
  file: YamlFile,
  place: Place | undefined,
  event: AssessmentEvent,
  condition: ReadCondition,
): readonly ExemptionRule[] {
  if (place === undefined) return [];
  if (event !== 'checkout') {
    file.report(place.offset, `exemptions are asked of the issuer at checkout, not at ${event}`);
    return [];
  }
  return file.items(place, '`exemptions`').flatMap((item) => {
    const fields = file.fields(item, 'an exemption', { required: ['request', 'when'], optional: [] });
    const request = fields.has('request')
      ? file.choice<Exemption>(fields.get('request'), '`request`', exemptions)
      : undefined;
    const compiled = fields.has('when') ? condition(fields.get('when')) : undefined;
    return request === undefined || compiled === undefined ? [] : [{ request, ...compiled }];
  });
}

function readChallengers(
  file: YamlFile,
  place: Place | undefined,
  event: AssessmentEvent,
  features: readonly Term[],
  surroundings: Surroundings,
): readonly Challenger[] {
  const seen = new Set<string>();
  return file.items(place, '`shadow`').flatMap((item) => {
    const fields = file.fields(item, 'a challenger', { required: ['name'], optional: ['policy', 'model'] });
    const name = readId(file, fields.get('name'), seen);
    const policyFile = fields.has('policy') ? (file.text(fields.get('policy'), '`policy`') ?? null) : null;
    const model = readModel(file, fields.get('model'), event, features, surroundings);
    if (policyFile === null && model === null)
      file.report(item.offset, 'a challenger has a policy, a model, or both');
    return name === undefined ? [] : [{ name, policyFile, model }];
  });
}

function known(names: Iterable<string>): string {
  const all = [...names];
  return all.length === 0 ? 'no model is loaded' : `the models are ${all.join(', ')}`;
}

function inOrder(mistakes: readonly Mistake[]): readonly Mistake[] {
  return mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
