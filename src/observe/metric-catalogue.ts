type Declared<Kind extends string> = {
  readonly kind: Kind;
  readonly help: string;
  /** Closed lists only: a label with ids or addresses makes a series for each of them, and leaks them. */
  readonly labels: readonly string[];
};
export type MetricDeclaration =
  Declared<'counter'> | Declared<'gauge'> | (Declared<'histogram'> & { readonly buckets: readonly number[] });

/** Seconds: fine where our promises are (5 to 50 ms), coarse out to the 15 s that a request may take. */
const requestSeconds = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];

/**
 * Every number this service measures, declared once. Names get the prefix `tillgate_`, counters end in `_total`,
 * times are seconds. Add yours here; `metrics.<name>` is then typed, labels included.
 */
export const metricCatalogue = {
  http_request_seconds: {
    kind: 'histogram',
    help: 'Time from the request head to the end of the answer.',
    labels: ['method', 'route', 'status'],
    buckets: requestSeconds,
  },
  http_in_flight: { kind: 'gauge', help: 'Requests being answered, by class.', labels: ['class'] },
  http_shed_total: {
    kind: 'counter',
    help: 'Requests answered 503 to keep more important ones alive.',
    labels: ['class'],
  },
  http_refused_total: { kind: 'counter', help: 'Problems answered, by code.', labels: ['code'] },
  limit_exceeded_total: {
    kind: 'counter',
    help: 'Requests over a limit; dry_run true were let through.',
    labels: ['limit', 'dry_run'],
  },
  limit_store_failures_total: {
    kind: 'counter',
    help: 'Times the shared limit store failed or was late, and the local one decided.',
    labels: [],
  },
  csp_violations_total: {
    kind: 'counter',
    help: 'What content security policies of our pages stopped in browsers, by directive.',
    labels: ['directive'],
  },
  attack_profile: {
    kind: 'gauge',
    help: '1 while a shop is under the strict profile.',
    labels: ['merchant_id'],
  },
  assessment_seconds: {
    kind: 'histogram',
    help: 'Time of one assessment: velocity, features, model, explanation, policy.',
    labels: ['event'],
    buckets: [0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.15, 0.3],
  },
  risk_degraded_total: {
    kind: 'counter',
    help: 'Parts that failed during an assessment: the policy’s stated degraded decision applied. A challenger changes nothing.',
    labels: ['part'],
  },
  facts_total: {
    kind: 'counter',
    help: 'Events committed by this process, by type: docs/events says what each means.',
    labels: ['type'],
  },
  psp_call_seconds: {
    kind: 'histogram',
    help: 'Time of one call to a PSP, by what came of it; not_sent and unknown are those that failed.',
    labels: ['psp', 'account', 'call', 'outcome'],
    buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  psp_resting: {
    kind: 'gauge',
    help: '1 while a PSP account does not answer and is not called.',
    labels: ['psp', 'account'],
  },
  backlog: {
    kind: 'gauge',
    help: 'What waits in the installation: outcomes nobody heard, webhooks and those set aside, abandoned requests, reviews, quarantined payments.',
    labels: ['of'],
  },
  backlog_oldest_seconds: {
    kind: 'gauge',
    help: 'How long the oldest of them has waited.',
    labels: ['of'],
  },
  relay_lag_seconds: {
    kind: 'gauge',
    help: 'Age of the oldest event that a sink still has to get.',
    labels: ['sink'],
  },
  relay_set_aside: {
    kind: 'gauge',
    help: 'Events a sink refused, and those that wait behind them; `npm run events -- set-aside` lists them.',
    labels: ['sink'],
  },
  policy_refused: {
    kind: 'gauge',
    help: '1 while the policy or model files on disk are refused and the last good ones stay in force.',
    labels: [],
  },
  challenges_total: {
    kind: 'counter',
    help: 'Challenges for bots, by outcome: issued, solved, failed, unavailable.',
    labels: ['outcome'],
  },
} as const satisfies Readonly<Record<string, MetricDeclaration>>;

export type MetricCatalogue = typeof metricCatalogue;
