import { assessmentMade } from '../domain/events/assessment-made.ts';
import type { Event, EventFact } from '../domain/events/event.ts';
import { withFields } from '../domain/events/event-fields.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import type { Step } from '../domain/purchase/step.ts';
import type { Label } from '../domain/risk/label.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Change, Saved } from '../store/store.ts';
import type { Deps } from './deps.ts';
import { labelOf, observeLabels } from './label-of.ts';
import { traced } from './traced.ts';

/** What a commit adds to a step: the request it opens or ends, the assessment, the webhook that said it. */
export type Along = Pick<Change, 'assessment' | 'request' | 'delivery' | 'dispute'>;

export type Committed =
  | { readonly saved: 'saved'; readonly purchase: Purchase; readonly events: readonly Event[] }
  | { readonly saved: Exclude<Saved, 'saved'> };

/**
 * Saves a step: numbers its events, moves the version, and writes everything or nothing. `along` is asked for last, with
 * the purchase and events as they will be, because a reply has to show them.
 */
export async function commit(
  deps: Deps,
  before: Purchase | null,
  step: Step,
  at: Instant,
  along: (purchase: Purchase, events: readonly Event[], labels: readonly Label[]) => Along = () => ({}),
): Promise<Committed> {
  const { checkout } = step.purchase;
  const version = before === null ? 1 : before.checkout.version + 1;
  const after: Purchase = { ...step.purchase, checkout: { ...checkout, version } };
  const lastRequest = await requestBefore(deps, after);
  const events = numbered(deps, after, step.events, at, lastRequest);
  const labels = step.labels.map((fact) => labelOf(deps, after, fact, at));
  const saved = await deps.store.purchases.save({
    before,
    after,
    at,
    journal: step.journal,
    postings: step.postings,
    labels,
    askAt: at + deps.leaseMs,
    ...withAssessment(deps, after, events, along(after, events, labels), lastRequest),
  });
  if (saved !== 'saved') return { saved };
  await observeLabels(deps, after, labels);
  return { saved, purchase: after, events };
}

/** Only workers ask: a request is itself the last one. */
async function requestBefore({ trace, store }: Deps, { checkout, sale }: Purchase): Promise<string | null> {
  if (trace?.of !== 'work' || sale === undefined) return null;
  return store.events.lastRequest(checkout.merchantId, sale.order.id);
}

/** An assessment that is stored is also told. */
function withAssessment(
  deps: Deps,
  { checkout }: Purchase,
  events: readonly Event[],
  along: Along,
  lastRequest: string | null,
) {
  const { assessment } = along;
  if (assessment === undefined) return { ...along, events };
  const made = assessmentMade(deps.newId('evt'), assessment, checkout.id);
  return { ...along, events: [...events, traced(deps, made, lastRequest)] };
}

/** The order's events get the numbers that follow its last one. */
function numbered(
  deps: Deps,
  { checkout, sale }: Purchase,
  facts: readonly EventFact[],
  at: Instant,
  lastRequest: string | null,
): readonly Event[] {
  if (sale === undefined) return [];
  const fields = deps.fieldsOf(checkout.merchantId);
  const first = sale.order.eventCount - facts.length + 1;
  return facts.map((fact, index) =>
    traced(
      deps,
      {
        id: deps.newId('evt'),
        merchantId: checkout.merchantId,
        at,
        aggregate: { type: 'order', id: sale.order.id },
        sequence: first + index,
        ...withFields(fact, fields, checkout),
      },
      lastRequest,
    ),
  );
}
