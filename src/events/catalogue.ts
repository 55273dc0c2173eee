import { z } from 'zod';
import { type Wire, schemaName } from '../domain/events/envelope.ts';
import { aggregateOf } from '../domain/events/event-types.ts';
import type { Aggregate, EventFact, EventType } from '../domain/events/event.ts';

/**
 * What every event's `data` looks like on the wire. The compiler holds this against the domain: a field that the domain
 * says and this does not, or the other way round, or of another type, is an error in this file.
 *
 * From here come the JSON Schemas and examples of docs/events. What may change is written there (README.md).
 */

const id = (prefix: string, what: string) =>
  z.string().meta({
    description: what,
    pattern: `^${prefix}_[0-9a-hjkmnp-tv-z]{26}$`,
    examples: [`${prefix}_01kawk3v7q9k0t5xw7h2m4n6p8`],
  });

const money = (what: string) =>
  z
    .object({
      amount: z
        .int()
        .min(0)
        .meta({ description: 'In minor units of the currency: cents, yen, fils.', examples: [4999] }),
      currency: z.string().meta({ description: 'ISO 4217.', pattern: '^[A-Z]{3}$', examples: ['EUR'] }),
    })
    .meta({ description: what });

const policyHash = {
  pattern: '^[0-9a-f]{64}$',
  examples: ['0d6fb1a1e0f94d5a8a8b3c2f6a7d9e1b4c5f60718293a4b5c6d7e8f901234567'],
};

const order = {
  order_id: id('ord', 'The order.'),
  checkout_id: id('chk', 'The checkout that it came from.'),
  total: money('What the order costs.'),
  customer_reference: z
    .string()
    .optional()
    .meta({
      description: 'The shop’s own id of the customer. Only where the merchant lets it in.',
      examples: ['C-1042'],
    }),
  metadata: z
    .record(z.string(), z.string())
    .optional()
    .meta({
      description: 'What the shop wrote on the checkout. Only where the merchant lets it in.',
      examples: [{ basket: 'B-77' }],
    }),
};
const attempt = { ...order, attempt_id: id('att', 'One try at one PSP.') };
const movement = {
  ...order,
  movement_id: id('mov', 'The capture, void, refund or increment.'),
  amount: money('How much it moves.'),
};

const dispute = {
  ...order,
  dispute_id: id('dsp', 'The dispute.'),
  amount: money('What is contested.'),
  reason: z.string().meta({ description: 'The PSP’s own word.', examples: ['fraudulent'] }),
  inquiry: z.boolean().meta({ description: 'The issuer only asks: no money has been taken.' }),
  evidence_due_at: z.string().optional().meta({ format: 'date-time' }),
};

type Entry = { readonly says: string; readonly data: z.ZodObject };

const declared = {
  'order.created': { says: 'A buyer confirmed; no money has moved yet.', data: z.object(order) },
  'order.authorized': { says: 'The money is reserved.', data: z.object(order) },
  'order.held': {
    says: 'The money is reserved and a person has to look before it is taken.',
    data: z.object(order),
  },
  'order.captured': {
    says: 'The money is taken, all that will be.',
    data: z.object({ ...order, captured: money('What was captured in all.') }),
  },
  'order.canceled': {
    says: 'The order will not be paid; what was reserved is let go.',
    data: z.object(order),
  },
  'payment.requires_action': {
    says: 'The buyer has to do something, 3-D Secure for example.',
    data: z.object(attempt),
  },
  'payment.pending': {
    says: 'The PSP has not decided, or was not heard; it is being asked.',
    data: z.object(attempt),
  },
  'payment.declined': {
    says: 'The issuer or the PSP said no.',
    data: z.object({
      ...attempt,
      code: z.string().meta({
        description: 'Why; new codes may come, treat them as `other`.',
        examples: ['insufficient_funds'],
      }),
      advice: z.enum(['transient', 'fix', 'never']).meta({ description: 'What trying again can bring.' }),
    }),
  },
  'payment.failed': {
    says: 'The try ended without a decision; nothing was charged.',
    data: z.object(attempt),
  },
  'payment.quarantined': {
    says: 'A PSP reported what does not match; a person has to look.',
    data: z.object(attempt),
  },
  'payment.resolved': {
    says: 'A person has settled what a PSP reported; the order goes on or is over.',
    data: z.object({
      ...order,
      resolution: z.enum(['ask', 'accept', 'return']).meta({
        description: 'The PSP was asked again, was taken at its word, or has to give back what it took.',
      }),
      captured: money('What counts as captured now.'),
      refunded: money('What counts as refunded now.'),
    }),
  },
  'payment.captured': { says: 'A capture succeeded.', data: z.object(movement) },
  'payment.capture_failed': { says: 'A capture did not succeed.', data: z.object(movement) },
  'payment.voided': { says: 'A reservation was let go.', data: z.object(movement) },
  'payment.void_failed': { says: 'A reservation could not be let go.', data: z.object(movement) },
  'payment.refunded': {
    says: 'Money was given back.',
    data: z.object({
      ...movement,
      reason: z.enum(['requested_by_customer', 'duplicate', 'fraudulent', 'other']),
    }),
  },
  'payment.refund_failed': { says: 'Money could not be given back.', data: z.object(movement) },
  'payment.incremented': { says: 'More money was reserved.', data: z.object(movement) },
  'payment.increment_failed': { says: 'No more money could be reserved.', data: z.object(movement) },
  'payment.expired': {
    says: 'The reservation has lapsed; what was not captured cannot be any more.',
    data: z.object(order),
  },
  'payment.unwanted': {
    says: 'Money came too late or twice; it is being given back.',
    data: z.object({ ...attempt, because: z.enum(['checkout_closed', 'paid_already', 'amount_changed']) }),
  },
  'payment.reversed': { says: 'Unwanted money was given back.', data: z.object(movement) },
  'payment.reversal_failed': { says: 'Unwanted money could not be given back.', data: z.object(movement) },
  'payment.fraud_reported': { says: 'The issuer reports that it was fraud.', data: z.object(attempt) },
  'dispute.opened': { says: 'A payment is contested; evidence may be handed in.', data: z.object(dispute) },
  'dispute.under_review': { says: 'The issuer looks at the evidence.', data: z.object(dispute) },
  'dispute.won': { says: 'The money stays, or has come back.', data: z.object(dispute) },
  'dispute.lost': { says: 'The money is gone.', data: z.object(dispute) },
  'assessment.made': {
    says: 'A risk decision was taken.',
    data: z.object({
      assessment_id: id('asm', 'The assessment, which explains itself at /v1/assessments.'),
      event: z.enum(['account_creation', 'add_card', 'checkout', 'login']),
      decision: z.enum(['allow', 'challenge', 'review', 'block']),
      score: z
        .number()
        .min(0)
        .max(1)
        .nullable()
        .meta({ description: 'Null when no model took part.', examples: [0.0731] }),
      reasons: z
        .array(z.string())
        .readonly()
        .meta({ description: 'Codes, the weightiest first; new ones may come.' }),
      checkout_id: id('chk', 'The checkout, where there is one.').optional(),
    }),
  },
  'webhook_endpoint.disabled': {
    says: 'An endpoint is no longer called.',
    data: z.object({
      endpoint_id: id('whe', 'The endpoint.'),
      because: z.enum(['by_request', 'gone', 'failing']),
    }),
  },
  'attack.began': {
    says: 'The shop looks attacked; the strict profile of its limits holds.',
    data: z.object({
      attack_id: id('atk', 'The attack, as one process sees it.'),
      reason: z.enum(['decline_ratio', 'distinct_cards']),
    }),
  },
  'attack.ended': {
    says: 'The shop has been calm for a while; the normal limits hold.',
    data: z.object({ attack_id: id('atk', 'The attack.') }),
  },
  'policy.activated': {
    says: 'Another policy is in force: the installation’s, or the merchant’s own in its place.',
    data: z.object({
      event: z.enum(['account_creation', 'add_card', 'checkout', 'login']),
      hash: z.string().meta({
        ...policyHash,
        description: 'The policy: `GET /v1/policies/{event}` shows its text, and assessments name it.',
      }),
      previous_hash: z
        .string()
        .nullable()
        .meta({ ...policyHash, description: 'The policy before it; null for the first.' }),
      version: z
        .int()
        .min(1)
        .meta({
          description: '1, 2, 3 … for each policy of the event that came into force, counted by origin.',
          examples: [2],
        }),
      origin: z
        .enum(['file', 'merchant'])
        .optional()
        .meta({ description: 'The installation’s file, or a policy that the merchant put in its place.' }),
      rules: z
        .int()
        .min(0)
        .meta({ description: 'How many rules it has.', examples: [17] }),
    }),
  },
} as const satisfies Record<EventType, Entry>;

type Said<T extends EventType> = Wire<Extract<EventFact, { type: T }>['data']>;
type Shown<T extends EventType> = z.input<(typeof declared)[T]['data']>;

/** The types for which domain and catalogue differ. */
type Differing = {
  [T in EventType]: [Said<T>] extends [Shown<T>]
    ? [keyof Said<T>, keyof Shown<T>] extends [keyof Shown<T>, keyof Said<T>]
      ? never
      : T
    : T;
}[EventType];

/** Compiles only while there are none; the error names those there are. */
export const catalogue: [Differing] extends [never] ? Readonly<Record<EventType, Entry>> : Differing =
  declared;

const envelope = {
  specversion: z.literal('1.0'),
  id: id('evt', 'The same for every copy of this event: dedupe on it.'),
  source: z.string().meta({
    description: 'The merchant. Together with `id` unique.',
    pattern: '^/merchants/mer_',
    examples: ['/merchants/mer_01kawk3v7q9k0t5xw7h2m4n6p8'],
  }),
  subject: z.string().meta({ description: 'What the event is about; `sequence` counts within it.' }),
  time: z.string().meta({ format: 'date-time' }),
  datacontenttype: z.literal('application/json'),
  sequence: z.string().meta({
    description: '1, 2, 3 … within the subject, ascending and without gaps; zero-padded.',
    pattern: '^\\d{10}$',
    examples: ['0000000003'],
  }),
  traceparent: z
    .string()
    .optional()
    .meta({
      description: 'W3C Trace Context of the request that caused it, or of the work that concluded it later.',
      examples: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    }),
  tracelink: z
    .string()
    .optional()
    .meta({
      description:
        'Where a webhook of a PSP or a worker concluded it: the trace context of the last request about the same order.',
      examples: ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
    }),
};

/** The whole event of one type. Fields that are not named may come: ignore them. */
export function eventSchema(type: EventType) {
  const subject = envelope.subject.meta({
    ...envelope.subject.meta(),
    examples: [exampleOf[aggregateOf[type]]],
  });
  const dataschema = z.literal(schemaName(type));
  return z.object({ ...envelope, subject, dataschema, type: z.literal(type), data: catalogue[type].data });
}

/** An id of each aggregate, as examples show it. */
const exampleOf: Readonly<Record<Aggregate['type'], string>> = {
  order: 'ord_01kawk3v7q9k0t5xw7h2m4n6p8',
  assessment: 'asm_01kawk3v7q9k0t5xw7h2m4n6p8',
  webhook_endpoint: 'whe_01kawk3v7q9k0t5xw7h2m4n6p8',
  attack: 'atk_01kawk3v7q9k0t5xw7h2m4n6p8',
  policy: 'policy_checkout',
};

export function jsonSchemaOf(type: EventType): Record<string, unknown> {
  const json = z.toJSONSchema(eventSchema(type), { io: 'input', target: 'draft-2020-12', reused: 'inline' });
  const { $schema, ...rest } = json;
  return { $schema, $id: schemaName(type), title: type, description: catalogue[type].says, ...rest };
}
