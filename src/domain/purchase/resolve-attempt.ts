import type { MovementId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { Attempt } from '../payment/attempt.ts';
import type { AttemptOutcome } from '../payment/outcome.ts';
import type { Resolution } from '../payment/payment.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { applyOutcome } from './conclude-attempt.ts';
import type { Purchase } from './purchase.ts';
import { type Receive, giveBack, isWanted, keepMoney, receiveMoney } from './receive-money.ts';
import { type Step, unchanged } from './step.ts';

type Quarantined = Attempt & { readonly state: 'quarantined' };

/** Concludes an attempt whose PSP answered for something else: with what it says now, or else with what it said then. */
export function resolveAttempt(
  purchase: Purchase,
  attempt: Quarantined,
  heard: AttemptOutcome | undefined,
  resolution: Resolution,
  at: Instant,
  newMovementId: () => MovementId,
): Step | Refusal {
  const { sale } = purchase;
  const news = definite(heard) ?? (resolution === 'ask' ? undefined : saidThen(attempt, resolution));
  if (sale === undefined || (news === undefined && resolution === 'ask')) return unchanged(purchase);
  if (news === undefined)
    return refuse('resolution_not_possible', 'What the PSP authorised is not known, and it cannot be asked.');
  if (resolution === 'ask' || news.kind !== 'authorized') {
    const step = applyOutcome(purchase, sale, attempt, news, at, newMovementId);
    return step === null || saysTheSame(attempt, step.purchase) ? unchanged(purchase) : step;
  }
  if (resolution === 'return')
    return receiveMoney(purchase, sale, attempt, news, giveBackQuietly, at, newMovementId);
  const why = whyNotCarried(purchase, attempt, news);
  if (why !== null) return refuse('resolution_not_possible', `${why}: return it.`);
  return receiveMoney(purchase, sale, attempt, news, keepMoney, at, newMovementId);
}

/** The resolution itself is told: that the money is not wanted need not be. */
const giveBackQuietly: Receive = (...given) => ({ ...giveBack(...given), events: [] });

/** An answer that settles something; a PSP that is undecided or silent has not taken back what it said. */
function definite(heard: AttemptOutcome | undefined): AttemptOutcome | undefined {
  const open: readonly AttemptOutcome['kind'][] = ['unknown', 'pending', 'requires_action'];
  return heard === undefined || open.includes(heard.kind) ? undefined : heard;
}

/** What never said anything, and is not to be kept, is given up: a success that is told after all goes back by itself. */
function saidThen(
  { pspReference, said, unheard }: Quarantined,
  resolution: Resolution,
): AttemptOutcome | undefined {
  if (unheard === true) return resolution === 'return' ? { kind: 'canceled' } : undefined;
  return said && pspReference !== undefined ? { kind: 'authorized', pspReference, ...said } : undefined;
}

function saysTheSame(attempt: Quarantined, { sale }: Purchase): boolean {
  const now = sale?.attempts.find(({ id }) => id === attempt.id);
  return now?.state === 'quarantined' && now.cause === attempt.cause && attempt.said !== undefined;
}

/** An order carries as much as was asked for or less, in its own currency, while it waits for it. */
function whyNotCarried(
  purchase: Purchase,
  attempt: Quarantined,
  { amount, captured = amount }: AttemptOutcome & { readonly kind: 'authorized' },
): string | null {
  const asked = attempt.request.amount;
  if (amount.currency !== asked.currency || captured.currency !== asked.currency)
    return 'It is in another currency than the order';
  if (amount.amount > asked.amount || captured.amount > amount.amount)
    return 'It is more than the order asked for';
  if (amount.amount === 0n || captured.amount === 0n) return 'It is nothing';
  return isWanted(purchase, attempt) ? null : 'The order does not wait for it any more';
}
