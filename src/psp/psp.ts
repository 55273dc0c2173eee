import type { Attempt, AttemptRequest, PspName } from '../domain/payment/attempt.ts';
import type { Movement } from '../domain/payment/movement.ts';
import type { AttemptOutcome, MovementOutcome } from '../domain/payment/outcome.ts';
import type { Witness } from '../domain/payment/witness.ts';
import type { Routable } from '../domain/routing/choose-account.ts';
import type { Methods } from '../domain/routing/methods.ts';
import type { DetachOutcome, SetupOutcome } from '../domain/customer/customer.ts';
import type {
  AttemptId,
  CheckoutId,
  CustomerId,
  MerchantId,
  OrderId,
  PaymentMethodId,
} from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Currency } from '../kernel/money.ts';

/**
 * One account at one PSP. What an adapter must do, and test/psp/conformance.test.ts holds every adapter to it.
 *
 * No call throws for anything the network or the PSP does: what cannot be heard is an outcome. A call is made with the
 * idempotency key in its request and makes no blind retry of its own; making the same call again within
 * `retryableForMs` of the first is safe and returns the first one's outcome.
 */
export type Psp = {
  readonly name: PspName;
  readonly account: string;
  /** How long after the first call the PSP still recognises its idempotency key, with a margin. */
  readonly retryableForMs: number;
  /** How long after the first call the PSP can be asked what became of it; then only its own messages tell. */
  readonly askableForMs: number;

  readonly authorize: (subject: AttemptSubject) => Promise<AttemptOutcome>;
  /**
   * Completes a 3-D Secure action with what the buyer's browser brought back (`redirectResult`, `payment_intent`, …).
   * Says what became of the attempt.
   */
  readonly completeAction: (
    subject: AttemptSubject,
    brought: Readonly<Record<string, string>>,
  ) => Promise<AttemptOutcome>;
  /**
   * Asks what became of an attempt. `not_sent` only when it is certain that the PSP never acted on it and, because the
   * original request can no longer be on its way, never will.
   */
  readonly ask: (subject: AttemptSubject) => Promise<AttemptOutcome>;
  /** Gives up an attempt that has not been authorised. Answers `canceled`, or what it has become meanwhile. */
  readonly cancel: (subject: AttemptSubject) => Promise<AttemptOutcome>;

  /** Captures, voids, refunds or raises: `movement.kind` says which. */
  readonly move: (subject: MovementSubject) => Promise<MovementOutcome>;
  readonly askMovement: (subject: MovementSubject) => Promise<MovementOutcome>;

  /**
   * Keeps a payment method for later. Moves no money; the issuer may want to see the buyer. Making the same call again
   * returns the first one's outcome.
   */
  readonly setUp: (subject: SetupSubject) => Promise<SetupOutcome>;
  /** Says what became of it, with what the buyer's browser brought back. */
  readonly completeSetup: (
    subject: SetupSubject,
    brought: Readonly<Record<string, string>>,
  ) => Promise<SetupOutcome>;

  /** Has the PSP forget a kept method. Repeating it, or forgetting what is not kept, is `detached` too. */
  readonly detach: (kept: KeptMethod) => Promise<DetachOutcome>;

  /**
   * Verifies a webhook body and says what it testifies, item by item. Nothing outside what the PSP signed is used.
   * `refused` when it is not authentic or not fresh; the reason is for the log, never for the sender.
   */
  readonly readWebhook: (delivery: WebhookBody) => WebhookReading;

  /** The PSP's own list of what it charged, for the daily comparison. `null` when the PSP offers none by API. */
  readonly listCharges: ((since: Instant, until: Instant) => AsyncIterable<PspCharge>) | null;
};

/** The PSP accounts of every merchant. */
export type PspDirectory = {
  readonly find: (psp: PspName, account: string) => PspAccount | null;
  readonly list: () => readonly PspAccount[];
  /**
   * The merchant's accounts that can take a payment, best first, each with the token of the buyer's method there; none
   * when no account knows the method. `method` is one token, or one for each PSP.
   */
  readonly route: (
    merchantId: MerchantId,
    payment: Routable,
    method: string | Methods,
  ) => readonly PspRoute[];
};

export type PspAccount = { readonly merchantId: MerchantId; readonly psp: Psp };

export type PspRoute = {
  readonly psp: Psp;
  readonly method: string;
  readonly because: string;
  /** The acquirer's fraud by value over 90 days, as a share, where the merchant knows it. */
  readonly fraudRate?: number;
};

/** An attempt with the ids that the PSP is told, so that its messages lead back to us. */
export type AttemptSubject = {
  readonly merchantId: MerchantId;
  readonly checkoutId: CheckoutId;
  readonly orderId: OrderId;
  readonly attempt: Attempt;
  /** What the buyer's session adds to the call: needed for 3-D Secure, not kept. Absent when a worker resumes. */
  readonly browser?: { readonly ip?: string; readonly userAgent?: string; readonly acceptLanguage?: string };
  /** Sent to the PSP for its own risk checks and receipts, when the merchant allows it. */
  readonly email?: string;
};

export type MovementSubject = {
  readonly merchantId: MerchantId;
  readonly orderId: OrderId;
  /** The authorised attempt whose money moves. */
  readonly attempt: Attempt & { readonly state: 'authorized' };
  readonly movement: Movement;
  /** What is reserved by now, increments included. */
  readonly authorized?: AttemptRequest['amount'];
};

export type SetupSubject = {
  readonly merchantId: MerchantId;
  readonly customerId: CustomerId;
  /** Also the idempotency key at the PSP. */
  readonly methodId: PaymentMethodId;
  /** The PSP's token of the method as the buyer's page got it; absent once the PSP has it. */
  readonly method?: string;
  /** The PSP's own id of this customer, where the PSP has one already. */
  readonly pspCustomer: string | null;
  readonly pspReference: string | null;
  readonly returnUrl?: string;
  readonly currency: Currency;
  readonly createdAt: Instant;
};

/** A method as its PSP knows it. */
export type KeptMethod = { readonly token: string; readonly pspCustomer: string | null };

export type WebhookBody = {
  readonly raw: Uint8Array;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly receivedAt: Instant;
};

export type WebhookReading =
  | { readonly kind: 'witnesses'; readonly witnesses: readonly Witness[] }
  | { readonly kind: 'refused'; readonly why: string };

export type PspCharge = {
  readonly pspReference: string;
  readonly attemptId?: AttemptId;
  readonly at: Instant;
  readonly authorized: AttemptRequest['amount'];
  readonly captured: bigint;
  readonly refunded: bigint;
};
