import { randomBytes } from 'node:crypto';
import type { Assessment } from '../../domain/risk/assessment.ts';
import { beginAttempt } from '../../domain/purchase/begin-attempt.ts';
import { beginMovement } from '../../domain/purchase/begin-movement.ts';
import { concludeAttempt } from '../../domain/purchase/conclude-attempt.ts';
import { concludeMovement } from '../../domain/purchase/conclude-movement.ts';
import type { Purchase } from '../../domain/purchase/purchase.ts';
import { type Step, step } from '../../domain/purchase/step.ts';
import { isRefusal } from '../../domain/refusal.ts';
import { type Along, commit } from '../../flows/commit.ts';
import type { Deps } from '../../flows/deps.ts';
import { type AssessmentId, type MerchantId, type NewId, idFrom } from '../../kernel/ids.ts';
import { type Currency, money } from '../../kernel/money.ts';
import type { NewRequest, RequestKind } from '../../domain/request.ts';
import type { Store } from '../../store/store.ts';

/**
 * The floor: the statements of one checkout (five commits and the reads between them), issued directly. No HTTP, no
 * risk, no PSP: what the database alone can do with these writes.
 */
export async function writeOneCheckout(
  store: Store,
  merchantId: MerchantId,
  assessment: Omit<Assessment, 'id'>,
): Promise<void> {
  const newId: NewId = (prefix) => idFrom(prefix, Date.now(), randomBytes(10));
  const deps = { store, newId, leaseMs: 20_000, fieldsOf: () => [] } as Partial<Deps> as Deps;
  const now = Date.now();
  const total = money(1299n, 'EUR' as Currency);
  const checkoutId = newId('chk');
  const reply = { status: 200, body: JSON.stringify({ checkoutId, filler: 'x'.repeat(1_200) }) };
  const request = (kind: RequestKind): NewRequest => ({
    merchantId,
    scope: newId('req'),
    kind,
    bodyDigest: checkoutId,
    rawDigest: checkoutId,
    openedAt: now,
  });
  const write = async (
    before: Purchase | null,
    next: Step | ReturnType<typeof beginMovement> | null,
    along: Along,
  ) => {
    if (next === null || isRefusal(next)) throw new Error('the floor cannot refuse');
    const saved = await commit(deps, before, next, Date.now(), () => along);
    if (saved.saved !== 'saved') throw new Error(saved.saved);
    return saved.purchase;
  };

  const created = await write(null, step({ checkout: newCheckout() }, { journal: [], events: [] }), {
    request: { replied: { ...request('create_checkout'), reply } },
  });

  const confirm = request('confirm_checkout');
  await store.purchases.findForRequest(confirm, checkoutId);
  const attemptId = newId('att');
  const judged: Assessment = { ...assessment, id: newId('asm'), merchantId };
  const begun = beginAttempt(created, attempt(attemptId, judged.id), now);
  const recorded = await write(created, begun, {
    assessment: judged,
    request: { open: confirm, subject: attemptId, leaseUntil: now + 20_000 },
  });
  const authorized = concludeAttempt(
    recorded,
    attemptId,
    {
      kind: 'authorized',
      pspReference: newId('req'),
      amount: total,
      card: { last4: '4242', brand: 'visa', fingerprint: 'f', country: 'US', funding: 'credit' },
      authentication: { method: 'none', liability: 'merchant' },
    },
    now,
    () => newId('mov'),
  );
  await write(recorded, authorized, { request: { reply, name: confirm } });

  const capture = request('capture_order');
  const { purchase } = await store.purchases.findForRequest(capture, checkoutId);
  if (purchase === null) throw new Error('what was written cannot be read');
  const movementId = newId('mov');
  const capturing = await write(purchase, beginMovement(purchase, { id: movementId, kind: 'capture' }, now), {
    request: { open: capture, subject: movementId, leaseUntil: now + 20_000 },
  });
  const captured = concludeMovement(
    capturing,
    movementId,
    { kind: 'succeeded', pspReference: newId('req'), amount: total },
    now,
  );
  await write(capturing, captured, { request: { reply, name: capture } });

  function newCheckout(): Purchase['checkout'] {
    return {
      id: checkoutId,
      merchantId,
      state: 'open',
      total,
      captureMode: 'manual',
      buyer: { reference: checkoutId, email: `${checkoutId}@example.com` },
      metadata: {},
      clientSecretHash: checkoutId,
      createdAt: now,
      expiresAt: now + 86_400_000,
      version: 1,
    };
  }

  function attempt(id: typeof attemptId, assessmentId: AssessmentId) {
    return {
      id,
      psp: 'stripe' as const,
      pspAccount: 'default',
      request: {
        pspKey: id,
        amount: total,
        method: 'pm_card_visa',
        capture: false,
        hold: false,
        routedBecause: 'the only PSP account',
        assessmentId,
        authentication: 'automatic' as const,
        initiator: 'buyer' as const,
      },
    };
  }
}
