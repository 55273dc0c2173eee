import type { PaymentMethod } from '../domain/customer/customer.ts';
import type { AttemptRequest, Elsewhere } from '../domain/payment/attempt.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import type { Assessment } from '../domain/risk/assessment.ts';
import type { ObservedSignals, Signals } from '../domain/risk/signals.ts';
import { chooseAuthentication } from '../domain/sca/choose-authentication.ts';
import { regionOf } from '../domain/sca/region.ts';
import type { Methods } from '../domain/routing/methods.ts';
import type { NewRequest } from '../domain/request.ts';
import type { Eci, TransStatus } from '../domain/sca/judge-authentication.ts';
import type { CheckoutId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { AttemptSubject, PspRoute } from '../psp/psp.ts';
import type { Deps } from './deps.ts';

/** The result of a 3-D Secure server outside the PSP. */
export type External3ds = NonNullable<AttemptRequest['external3ds']> & {
  readonly transStatus: TransStatus;
  readonly eci: Eci;
};

export type ConfirmAsk = {
  readonly request: NewRequest;
  readonly checkoutId: CheckoutId;
  /** Present when a browser asks with a publishable key: it must know this checkout's secret. */
  readonly clientSecretHash?: string;
  /**
   * Whether a browser has solved a challenge: a doubtful card costs it that before it is tried at all. Absent where the
   * shop's server asks, which has nobody to solve one.
   */
  readonly hasProved?: boolean;
  /** The token of the payment method: one, or one for each PSP that knows it. */
  readonly method: string | Methods;
  readonly initiator: AttemptRequest['initiator'];
  readonly networkTransactionId?: string;
  readonly external3ds?: External3ds;
  /** What the storefront and the browser observed; joined with what the checkout knows. */
  readonly signals: ObservedSignals;
  readonly browser?: AttemptSubject['browser'];
  /** When the buyer confirmed, where that was not now; risk is judged and counted as of then. */
  readonly happenedAt?: Instant;
};

type Chosen = {
  readonly assessment: Assessment;
  readonly signals: Signals;
  readonly route: PspRoute;
  /** The accounts that follow when it is certain that the first has not charged. */
  readonly others: readonly PspRoute[];
  /** The stored method that is paid with, where it is one. */
  readonly kept: (PaymentMethod & { readonly state: 'stored' }) | null;
};

/** Everything an attempt is made with, decided before it is recorded. */
export function planAttempt(
  deps: Pick<Deps, 'newId' | 'publicUrl'>,
  { checkout }: Purchase,
  ask: ConfirmAsk,
  { assessment, signals, route, others, kept }: Chosen,
) {
  const id = deps.newId('att');
  const hold = assessment.decision === 'review';
  const pspCustomer = kept?.pspCustomer ?? null;
  /** The payment or set-up with which the buyer agreed to this one. */
  const agreedWith = ask.networkTransactionId ?? kept?.card.networkTransactionId;
  const external3ds = worthSending(ask.external3ds);
  const sca = chooseAuthentication({
    total: checkout.total,
    region: regionOf(signals.card?.country ?? signals.billing?.country, checkout.total.currency),
    initiator: ask.initiator,
    wanted: assessment.decision === 'challenge' ? 'challenge' : 'automatic',
    allowed: assessment.exemptions,
    isAuthenticated: external3ds !== undefined,
    ...(route.fraudRate === undefined ? {} : { fraudRate: route.fraudRate }),
  });
  const request: AttemptRequest = {
    pspKey: id,
    amount: checkout.total,
    method: route.method,
    capture: checkout.captureMode === 'automatic' && !hold,
    hold,
    routedBecause: route.because,
    ...(others.length === 0 ? {} : { elsewhere: others.map(elsewhereOf) }),
    assessmentId: assessment.id,
    ...sca,
    returnUrl: `${deps.publicUrl}/return/${checkout.merchantId}/${checkout.id}`,
    initiator: ask.initiator,
    ...(ask.happenedAt === undefined ? {} : { happenedAt: ask.happenedAt }),
    ...(pspCustomer === null ? {} : { pspCustomer }),
    ...(agreedWith === undefined ? {} : { networkTransactionId: agreedWith }),
    ...(external3ds === undefined ? {} : { external3ds }),
  };
  return { id, psp: route.psp.name, pspAccount: route.psp.account, request };
}

function elsewhereOf({ psp: { name: psp, account }, method, because }: PspRoute): Elsewhere {
  return { psp, account, method, because };
}

/** Only a cryptogram of the issuer's is: without one the PSP authenticates as if nobody had. */
function worthSending(external: ConfirmAsk['external3ds']): AttemptRequest['external3ds'] {
  if (external === undefined || (external.transStatus !== 'Y' && external.transStatus !== 'A'))
    return undefined;
  const { version, eci, cavv, dsTransId } = external;
  return { version, eci, cavv, dsTransId };
}
