import type { Assessment, Degradation } from '../domain/risk/assessment.ts';
import type { AssessmentEvent } from '../domain/risk/decision.ts';
import type { EntityKeys, Histories } from '../domain/risk/entities.ts';
import type { Change } from '../domain/risk/observed.ts';
import type { Signals } from '../domain/risk/signals.ts';
import { evaluate, type Context } from '../domain/risk/features/feature.ts';
import { featuresOf } from '../domain/risk/features/library.ts';
import { unreachable } from '../kernel/unreachable.ts';
import { conclude, type Ask, type Deciders } from './conclusion.ts';
import { featureValues, findingsOf } from './evidence.ts';
import type { Lists, Snoozes } from './policy/entries.ts';
import { reasonsFor } from './reasons.ts';
import type { MerchantId } from '../kernel/ids.ts';
import type { Observation, Question, Risk } from './risk.ts';
import { amountOf, contextOf, withHistories, type SignalReading } from './signals/context.ts';
import type { Velocity } from './velocity/velocity.ts';

export type RiskParts = {
  readonly reading: SignalReading;
  readonly velocity: Velocity;
  /** What decides now; a reload swaps all of it at once, and an assessment uses one generation to its end. */
  readonly deciders: (merchantId: MerchantId) => ReadonlyMap<AssessmentEvent, Deciders>;
  readonly lists: () => Lists;
  readonly snoozes: () => Snoozes;
  /** SHA-256 of the feature library. */
  readonly featuresHash: string;
  /** Milliseconds that one assessment may take; what has not answered by then is left out and named. */
  readonly deadlineMs: number;
  /** Told of every part that failed, for the log and the counters. Must not throw. */
  readonly failed: (part: Degradation | 'challenger' | 'observation', cause: unknown) => void;
};

export function createRisk(parts: RiskParts): Risk {
  const judged: Judged = new WeakMap();
  return {
    assess: async (question) => {
      try {
        return await assess(parts, question, judged);
      } catch (cause) {
        parts.failed('policy_failed', cause);
        return withoutPolicy(parts, question, judged.get(question.signals)?.context.keys ?? {});
      }
    },
    observe: (observation) => {
      void observe(parts, observation, judged).catch((cause: unknown) => parts.failed('observation', cause));
    },
  };
}

/**
 * What was judged is observed a moment later with the same signals. Hashing their entities again would be a tenth of the
 * work of an assessment, so their context lives as long as they do.
 */
type Judged = WeakMap<Signals, { readonly merchantId: MerchantId; readonly context: Context }>;

async function assess(parts: RiskParts, question: Question, judged: Judged): Promise<Assessment> {
  const { id, merchantId, event, at, signals } = question;
  const deciders = decidersOf(parts, merchantId, event);
  const deadline = deadlineIn(parts.deadlineMs);
  try {
    const degraded: Degradation[] = [];
    const { missing } = parts.reading.reference;
    if (missing.length > 0) {
      degraded.push('reference_data_missing');
      parts.failed('reference_data_missing', new Error(`missing: ${missing.join(', ')}`));
    }
    if (deciders.own?.isOutdated === true) {
      degraded.push('policy_failed');
      parts.failed(
        'policy_failed',
        new Error(`the merchant's own policy ${deciders.own.hash} does not compile`),
      );
    }
    const before = contextOf(parts.reading, merchantId, signals, at);
    judged.set(signals, { merchantId, context: before });
    const histories = await historiesOf(parts, question, before, deadline, degraded);
    const features = featuresOf(event);
    const values = featureValues(features, evaluate(features, withHistories(before, histories)));
    const lookups = [deciders, ...deciders.challengers].flatMap(({ policy }) => policy.lookups);
    const findings = findingsOf(signals, before.keys, lookups, parts.lists(), at);
    const account = before.keys.account;
    const snoozed = account === undefined ? new Set<string>() : parts.snoozes().rulesFor(account, at);
    const ask: Ask = async (model, row, asker) => {
      try {
        return (await deadline.before(model.score(row))).probability;
      } catch (cause) {
        if (asker === 'live') parts.failed('model_unavailable', cause);
        return null;
      }
    };
    const { model, ...conclusion } = await conclude(
      deciders,
      { features, values, findings, degraded, snoozed },
      ask,
      (cause) => parts.failed('challenger', cause),
    );
    return {
      id,
      merchantId,
      event,
      at,
      ...conclusion,
      features: values,
      findings,
      entities: before.keys,
      versions: versionsOf(parts, deciders.policy.hash, model),
    };
  } finally {
    deadline.clear();
  }
}

async function historiesOf(
  { velocity, failed }: RiskParts,
  { merchantId }: Question,
  { keys }: Context,
  deadline: Deadline,
  degraded: Degradation[],
): Promise<Histories> {
  try {
    return await deadline.before(velocity.read(merchantId, keys));
  } catch (cause) {
    if (cause instanceof DeadlinePassed) degraded.push('deadline');
    degraded.push('velocity_unavailable');
    failed('velocity_unavailable', cause);
    return {};
  }
}

/** The last resort, when even the policy could not be evaluated: its stated degraded decision, never allow. */
function withoutPolicy(
  parts: RiskParts,
  { id, merchantId, event, at }: Question,
  entities: EntityKeys,
): Assessment {
  const { policy } = decidersOf(parts, merchantId, event);
  return {
    id,
    merchantId,
    event,
    at,
    decision: policy.degraded.policy_failed,
    score: null,
    reasons: reasonsFor([], ['policy_failed'], new Map()),
    rulesFired: [],
    rulesFailed: policy.rules.map((rule) => rule.id),
    rulesSnoozed: [],
    exemptions: [],
    features: {},
    findings: {},
    entities,
    versions: versionsOf(parts, policy.hash, null),
    degraded: ['policy_failed'],
    shadows: [],
  };
}

/** Every event has a policy: a set without one is refused on load. */
function decidersOf(parts: RiskParts, merchantId: MerchantId, event: AssessmentEvent): Deciders {
  const deciders = parts.deciders(merchantId).get(event);
  if (deciders === undefined) throw new Error(`there is no policy for ${event}`);
  return deciders;
}

function versionsOf(parts: RiskParts, policy: string, model: string | null): Assessment['versions'] {
  return { model, policy, features: parts.featuresHash, referenceData: parts.reading.reference.versions };
}

async function observe(
  { reading, velocity }: RiskParts,
  observation: Observation,
  judged: Judged,
): Promise<void> {
  const { merchantId, signals, at } = observation;
  const before = judged.get(signals);
  const context =
    before?.merchantId === merchantId ? before.context : contextOf(reading, merchantId, signals, at);
  const keys = { ...observation.judged, ...context.keys };
  await velocity.observe(merchantId, keys, changeOf(observation, amountOf(context)));
}

function changeOf(observation: Observation, amount: number): Change {
  const { at } = observation;
  switch (observation.what) {
    case 'attempted':
      return { what: observation.event, at, amount };
    case 'labelled':
      return observation;
    case 'succeeded':
    case 'declined':
    case 'refused':
      return { what: observation.what, at, amount };
    default:
      return unreachable(observation);
  }
}

type Deadline = {
  /** The promise's answer, or a fault when the deadline passes first. */
  readonly before: <T>(promise: Promise<T>) => Promise<T>;
  readonly clear: () => void;
};

function deadlineIn(ms: number): Deadline {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<never>((_, reject) => {
    // After a stall of this process an answer may be here and unread: it has one more turn to arrive.
    timer = setTimeout(() => setImmediate(reject, new DeadlinePassed(ms)), ms);
  });
  // Nobody may be waiting when it passes; that is no fault.
  passed.catch(() => undefined);
  return { before: (promise) => Promise.race([promise, passed]), clear: () => clearTimeout(timer) };
}

class DeadlinePassed extends Error {
  readonly code = 'deadline';
  constructor(ms: number) {
    super(`the assessment did not end within ${ms} ms`);
    this.name = 'DeadlinePassed';
  }
}
