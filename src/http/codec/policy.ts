import { z } from 'zod';
import {
  type AssessmentEvent,
  assessmentEvents,
  bySeverity,
  legalDecisions,
} from '../../domain/risk/decision.ts';
import type { Comparison, ShadowPolicy } from '../../domain/risk/policy/shadow-policy.ts';
import { type Refusal, refuse } from '../../domain/refusal.ts';
import type { Deps } from '../../flows/deps.ts';
import type { MerchantId } from '../../kernel/ids.ts';
import { shownAt, shownTime } from './parts.ts';

type Desk = Deps['desk'];
type PolicyInForce = ReturnType<Desk['policies']>[number];
type Policy = PolicyInForce['policy'];

const event = z.enum(assessmentEvents);
const decision = z.enum(bySeverity);

export const source = z
  .string()
  .min(1)
  .max(24_000)
  .meta({
    description: 'The draft, as it would stand in its file.',
    examples: ['policy: login\nrules: []\n'],
  });

export const policyShown = z
  .strictObject({
    event,
    decisions: z.array(decision).meta({ description: 'What is legal at this event.' }),
    hash: z.string().meta({ description: 'What assessments name it by.' }),
    origin: z
      .enum(['file', 'merchant'])
      .meta({ description: 'The installation’s file, or a policy that the merchant put in its place.' }),
    outdated: z
      .string()
      .nullable()
      .meta({
        description:
          'The hash of the merchant’s own policy, when it no longer fits the models and lists there are: the file’s stands in ' +
          'for it, and every decision is degraded (`policy_failed`).',
      }),
    model: z
      .strictObject({ name: z.string(), hash: z.string().nullable() })
      .nullable()
      .meta({ description: 'Whose score the rules read.' }),
    otherwise: decision,
    degraded: z.record(z.string(), decision),
    rules: z.array(z.strictObject({ id: z.string(), when: z.string(), then: decision, reason: z.string() })),
    exemptions: z.array(z.strictObject({ request: z.string(), when: z.string() })),
    challengers: z.array(
      z.strictObject({ name: z.string(), policy: z.string(), model: z.string().nullable() }),
    ),
  })
  .meta({ id: 'Policy' });

type PolicyShown = z.input<typeof policyShown>;

export function toWirePolicy({ policy, model, challengers, own }: PolicyInForce): PolicyShown {
  return {
    event: policy.event,
    decisions: [...legalDecisions[policy.event]],
    hash: policy.hash,
    origin: own === null || own.isOutdated ? 'file' : 'merchant',
    outdated: own?.isOutdated === true ? own.hash : null,
    model: policy.model === null ? null : { name: policy.model, hash: model },
    otherwise: policy.otherwise,
    degraded: { ...policy.degraded },
    rules: policy.rules.map(({ id, text, then, reason }) => ({ id, when: text, then, reason })),
    exemptions: policy.exemptions.map(({ request, text }) => ({ request, when: text })),
    challengers: challengers.map((each) => ({ ...each, policy: each.policy.hash })),
  };
}

export const mistakeShown = z
  .strictObject({
    line: z.int(),
    column: z.int(),
    message: z.string(),
    hint: z.string().nullable(),
  })
  .meta({ id: 'PolicyMistake' });

/** The draft compiled, or a refusal that tells its first mistake. */
export function compiled(desk: Desk, text: string): Policy | Refusal {
  const checked = desk.check(text);
  if ('policy' in checked) return checked.policy;
  const [first] = checked.mistakes;
  return refuse('policy_refused', `Line ${first?.line ?? 1}: ${first?.message ?? 'it is empty'}.`, '/source');
}

/** A change of what is in force names what it replaces, so that two analysts do not overwrite each other. */
export const policyChange = {
  replaces: z.string().meta({ description: 'The hash of the policy that is in force, as you know it.' }),
  because: z.string().min(1).max(500).meta({ description: 'Why; kept with the change.' }),
};

export const policyParams = z.strictObject({ event: event.meta({ examples: ['login'] }) });

/** What the merchant lives by now at an event. */
export function shownInForce(desk: Desk, merchantId: MerchantId, wanted: AssessmentEvent): PolicyShown {
  const found = desk.policies(merchantId).find(({ policy }) => policy.event === wanted);
  if (found === undefined) throw new Error(`there is no policy for ${wanted}`);
  return toWirePolicy(found);
}

export const flipsShown = z.record(
  z.string().meta({ description: '`allow→block`' }),
  z.strictObject({ flips: z.int(), money_minor: z.int(), fraud: z.int(), good: z.int() }),
);

export const shadowShown = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    event,
    policy: z.string().meta({ description: 'The hash.' }),
    source: z.string(),
    status: z.enum(['active', 'removed']),
    added_by: z.string(),
    added_at: shownTime,
    removed_by: z.string().nullable(),
    removed_at: shownTime.nullable(),
  })
  .meta({ id: 'ShadowPolicy' });

export function toWireShadow(shadow: ShadowPolicy): z.input<typeof shadowShown> {
  const { id, name, text, addedBy, addedAt, removed } = shadow;
  return {
    id,
    name,
    event: text.event,
    policy: text.hash,
    source: text.source,
    status: removed === null ? 'active' : 'removed',
    added_by: addedBy,
    added_at: shownAt(addedAt),
    removed_by: removed?.by ?? null,
    removed_at: removed === null ? null : shownAt(removed.at),
  };
}

export const comparisonShown = z
  .strictObject({
    event: z.string(),
    name: z.string(),
    policy: z.string(),
    live: z.string(),
    shadow: z.string(),
    assessments: z.int(),
    fraud: z.int().meta({ description: 'How many of them are known to be fraud by now.' }),
    good: z.int(),
  })
  .meta({ id: 'ShadowComparison' }) satisfies z.ZodType<Comparison>;
