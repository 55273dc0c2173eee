import type { AttemptId, DisputeId } from '../../kernel/ids.ts';
import { type Instant, toRfc3339 } from '../../kernel/instant.ts';
import type { Attempt } from '../payment/attempt.ts';
import { type Dispute, isHeld, stageOf } from '../payment/dispute.ts';
import type { LedgerAccount, Posting } from '../payment/posting.ts';
import type { DisputeNews } from '../payment/witness.ts';
import type { LabelFact } from '../risk/label.ts';
import type { Purchase } from './purchase.ts';
import { type Step, orderData, step } from './step.ts';

/**
 * Applies what a PSP said about a dispute. What is older than what is known answers null, so that any order of the
 * messages ends in the same state and the same postings.
 */
export function concludeDispute(
  purchase: Purchase,
  known: Dispute | null,
  news: DisputeNews,
  about: { readonly attemptId: AttemptId; readonly id: DisputeId },
  at: Instant,
): { readonly step: Step; readonly dispute: Dispute } | null {
  const { checkout, sale } = purchase;
  const attempt = sale?.attempts.find(({ id }) => id === (known?.attemptId ?? about.attemptId));
  if (sale === undefined || attempt === undefined) return null;
  const dispute: Dispute = {
    ...(known ?? { ...about, openedAt: at }),
    ...news,
    inquiry: news.inquiry === true,
    fraud: news.fraud || (known?.fraud ?? false),
    changedAt: at,
  };
  if (known !== null && stageOf(dispute) <= stageOf(known)) return null;
  const data = {
    ...orderData(checkout.id, sale),
    disputeId: dispute.id,
    amount: dispute.amount,
    reason: dispute.reason,
    inquiry: dispute.inquiry,
    ...(dispute.evidenceDueAt === undefined ? {} : { evidenceDueAt: toRfc3339(dispute.evidenceDueAt) }),
  };
  return {
    dispute,
    step: step(purchase, {
      journal: [
        { subject: dispute.id, at, from: known?.state ?? null, to: dispute.state, because: dispute.reason },
      ],
      events: [{ type: `dispute.${dispute.state}`, data }],
      postings: postings(attempt, known, dispute),
      labels: labels(known, dispute),
    }),
  };
}

/** The issuer takes the money while it decides, and gives it back or keeps it. Whatever was not heard is made up for. */
function postings(attempt: Attempt, before: Dispute | null, { id, amount, ...after }: Dispute): Posting[] {
  const psp: LedgerAccount = `psp:${attempt.psp}:${attempt.pspAccount}`;
  const move = (debit: LedgerAccount, credit: LedgerAccount): Posting => ({
    cause: id,
    debit,
    credit,
    amount,
  });
  const taken = move('disputes', psp);
  const wasHeld = before !== null && isHeld(before);
  if (isHeld(after)) return wasHeld ? [] : [taken];
  if (after.state === 'lost') return [...(wasHeld ? [] : [taken]), move('sales', 'disputes')];
  return wasHeld ? [move(psp, 'disputes')] : [];
}

/** A dispute for fraud says so once; one that was won was no fraud, as far as the shop could show. */
function labels(before: Dispute | null, { id, fraud, state, inquiry }: Dispute): LabelFact[] {
  if (!fraud || inquiry) return [];
  const told = before !== null && !before.inquiry && before.fraud;
  const source = 'dispute' as const;
  if (state === 'won')
    return told ? [{ fraud: false, source, strength: 'weak', reference: `${id} won` }] : [];
  return told ? [] : [{ fraud: true, source, strength: 'strong', reference: id }];
}
