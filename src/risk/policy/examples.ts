import type { Degradation, Exemption } from '../../domain/risk/assessment.ts';
import { legalDecisions, type Decision } from '../../domain/risk/decision.ts';
import { toMoneyText, type Finding } from '../../domain/risk/policy/condition.ts';
import { defaultDegraded, type Policy } from '../../domain/risk/policy/policy.ts';
import { judge } from '../../domain/risk/policy/verdict.ts';
import { createVocabulary, scoreTerm, type Term } from '../../domain/risk/policy/vocabulary.ts';
import { parseMoney } from './amounts.ts';
import { suggestion, type Mistake } from './mistake.ts';
import type { Surroundings } from './read-policy.ts';
import { readYaml, type Entry, type Place, type YamlFile } from './yaml-file.ts';

/** One case an analyst cares about: what is known, and what the policy must say to it. All else is unknown. */
export type Example = {
  readonly name: string;
  readonly given: Readonly<Record<string, Finding>>;
  readonly degraded: readonly Degradation[];
  readonly expected: Expected;
  readonly place: Place;
};

type Expected = {
  readonly decision: Decision | undefined;
  readonly rules: readonly string[] | undefined;
  readonly exemptions: readonly string[] | undefined;
};

export type Examples = { readonly examples: readonly Example[]; readonly mistakes: readonly Mistake[] };

/** Reads `<policy>.test.yaml`; its mistakes are reported like those of a policy. */
export function readExamples(
  path: string,
  source: string,
  policy: Policy,
  surroundings: Surroundings,
): Examples {
  const file = readYaml(path, source);
  const { terms } = createVocabulary(policy.event, surroundings.featuresOf(policy.event));
  const declared = new Map([...terms, scoreTerm].map((term) => [term.name, term]));
  const top = file.fields(file.root, 'the file', { required: ['examples'], optional: [] });
  const examples = file.items(top.get('examples'), '`examples`').map((place): Example => {
    const fields = file.fields(place, 'an example', {
      required: ['name', 'given', 'expect'],
      optional: ['on_lists', 'degraded'],
    });
    const given = fields.get('given');
    const values = given
      ? file.entries(given, '`given`').map((entry) => readGiven(file, entry, declared))
      : [];
    const onLists = words(file, fields.get('on_lists'), '`on_lists`', surroundings.lists.keys());
    const answers = policy.lookups.map(({ name, list }) => [name, onLists?.includes(list) === true] as const);
    return {
      name: (fields.has('name') && file.text(fields.get('name'), '`name`')) || 'an example',
      given: Object.fromEntries([...values, ...answers]),
      degraded: (words(file, fields.get('degraded'), '`degraded`', Object.keys(defaultDegraded)) ??
        []) as Degradation[],
      expected: readExpected(file, fields.get('expect'), policy),
      place,
    };
  });
  return { examples, mistakes: file.mistakes };
}

/** Runs every example; a mistake is an example that does not hold, in its place, or an error in the file. */
export function runExamples(
  path: string,
  source: string,
  policy: Policy,
  surroundings: Surroundings,
): { readonly run: number; readonly mistakes: readonly Mistake[] } {
  const { examples, mistakes } = readExamples(path, source, policy, surroundings);
  const file = readYaml(path, source);
  for (const { name, given, degraded, expected, place } of examples) {
    const verdict = judge(policy, given, { degraded, snoozed: new Set() });
    const said: Record<keyof Expected, string> = {
      decision: verdict.decision,
      rules: verdict.fired.map((rule) => rule.id).join(', '),
      exemptions: verdict.exemptions.join(', '),
    };
    const wanted = {
      ...expected,
      rules: expected.rules?.join(', '),
      exemptions: expected.exemptions?.join(', '),
    };
    for (const key of ['decision', 'rules', 'exemptions'] as const) {
      const want = wanted[key];
      if (want !== undefined && want !== said[key])
        file.report(
          place.offset,
          `${name}: the ${key} should be ${want || 'none'}, the policy says ${said[key] || 'none'}`,
        );
    }
  }
  return { run: examples.length, mistakes: [...mistakes, ...file.mistakes] };
}

function readGiven(
  file: YamlFile,
  entry: Entry,
  declared: ReadonlyMap<string, Term>,
): readonly [string, Finding] {
  const term = declared.get(entry.key);
  if (term === undefined) {
    file.report(entry.keyOffset, `${entry.key} is not declared`, suggestion(entry.key, declared.keys()));
    return [entry.key, null];
  }
  const value = file.scalar(entry) ?? null;
  if (value === null || (term.type !== 'money' && typeof value === term.type)) return [entry.key, value];
  if (term.type !== 'money') {
    file.report(entry.offset, `${entry.key} is a ${term.type}, not ${String(value)}`);
    return [entry.key, null];
  }
  const [amount, currency] = String(value).split(' ');
  const parsed = parseMoney(amount, currency);
  if (!('mistake' in parsed)) return [entry.key, toMoneyText(parsed)];
  file.report(entry.offset, parsed.mistake, 'write an amount and a currency, such as 120.00 EUR');
  return [entry.key, null];
}

function readExpected(file: YamlFile, place: Place | undefined, policy: Policy): Expected {
  if (place === undefined) return { decision: undefined, rules: undefined, exemptions: undefined };
  const fields = file.fields(place, '`expect`', {
    required: [],
    optional: ['decision', 'rules', 'exemptions'],
  });
  if (fields.size === 0) file.report(place.offset, 'an example expects a decision, rules or exemptions');
  const rules = policy.rules.map((rule) => rule.id);
  const asked = policy.exemptions.map((rule): Exemption => rule.request);
  return {
    decision: fields.has('decision')
      ? file.choice(fields.get('decision'), '`decision`', legalDecisions[policy.event])
      : undefined,
    rules: words(file, fields.get('rules'), '`rules`', rules),
    exemptions: words(file, fields.get('exemptions'), '`exemptions`', asked),
  };
}

/** A list of words, each one of those allowed; undefined when it is not there. */
function words(
  file: YamlFile,
  place: Place | undefined,
  what: string,
  allowed: Iterable<string>,
): readonly string[] | undefined {
  if (place === undefined) return undefined;
  const all = [...allowed];
  return file.items(place, what).flatMap((item) => file.choice(item, what, all) ?? []);
}
