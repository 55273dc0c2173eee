import type Stripe from 'stripe';
import { z } from 'zod';
import type { DetachOutcome, SetupOutcome } from '../../domain/customer/customer.ts';
import type { KeptMethod, SetupSubject } from '../psp.ts';
import { declineFromStripe } from './decline-codes.ts';
import { failureOf } from './failure.ts';
import { cardFactsFromStripe, cardSchema, maybe, referenceSchema } from './wire.ts';

const setupSchema = z.object({
  id: z.string(),
  object: z.literal('setup_intent'),
  client_secret: maybe(z.string()),
  customer: referenceSchema,
  last_setup_error: maybe(z.object({ code: maybe(z.string()), decline_code: maybe(z.string()) })),
  metadata: z.record(z.string(), z.string()),
  next_action: maybe(z.object({ redirect_to_url: maybe(z.object({ url: maybe(z.string()) })) })),
  payment_method: maybe(z.union([z.string(), z.object({ id: z.string(), card: maybe(cardSchema) })])),
  status: z.string(),
});

const expanded = { expand: ['payment_method'] };

/** Makes a customer where there is none, and a SetupIntent that is confirmed at once. */
export function setUpAtStripe(client: Stripe, subject: SetupSubject): Promise<SetupOutcome> {
  return heard(subject, async () => {
    const metadata = { tillgate_merchant: subject.merchantId, tillgate_customer: subject.customerId };
    const customer =
      subject.pspCustomer ??
      (await client.customers.create({ metadata }, { idempotencyKey: subject.customerId })).id;
    return client.setupIntents.create(
      {
        customer,
        confirm: true,
        usage: 'off_session',
        // Without a page to come back to, no method may lead the buyer away.
        automatic_payment_methods: {
          enabled: true,
          allow_redirects: subject.returnUrl === undefined ? 'never' : 'always',
        },
        metadata: { ...metadata, tillgate_method: subject.methodId },
        ...(subject.method !== undefined && { payment_method: subject.method }),
        ...(subject.returnUrl !== undefined && { return_url: subject.returnUrl }),
        ...expanded,
      },
      { idempotencyKey: subject.methodId },
    );
  });
}

/** Asks what became of a SetupIntent; what the browser brings is not needed. */
export function setupAtStripe(client: Stripe, subject: SetupSubject): Promise<SetupOutcome> {
  const { pspReference } = subject;
  if (pspReference === null) return setUpAtStripe(client, subject);
  return heard(subject, () => client.setupIntents.retrieve(pspReference, expanded));
}

/** Stripe refuses to detach what is not attached: then there is nothing left to forget. */
export async function detachAtStripe(client: Stripe, { token }: KeptMethod): Promise<DetachOutcome> {
  try {
    await client.paymentMethods.detach(token);
    return { kind: 'detached' };
  } catch (error) {
    const failure = failureOf(error);
    return failure.kind === 'refused' ? { kind: 'detached' } : failure;
  }
}

async function heard(subject: SetupSubject, call: () => Promise<unknown>): Promise<SetupOutcome> {
  try {
    return fromStripe(await call(), subject);
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind !== 'refused') return failure;
    return failure.declined
      ? { kind: 'declined', decline: declineFromStripe(failure.code) }
      : { kind: 'not_sent', cause: failure.cause };
  }
}

function fromStripe(answer: unknown, { methodId }: SetupSubject): SetupOutcome {
  const read = setupSchema.safeParse(answer);
  if (!read.success) return { kind: 'unknown', cause: 'the answer is not a SetupIntent' };
  const { id: pspReference, customer: pspCustomer, status, payment_method: method, ...rest } = read.data;
  if (rest.metadata['tillgate_method'] !== methodId)
    return { kind: 'unknown', cause: `the answer is about another method: ${pspReference}` };
  if (status === 'succeeded' && typeof method === 'object')
    return {
      kind: 'stored',
      pspReference,
      pspCustomer,
      token: method.id,
      card: cardFactsFromStripe(method.card),
    };
  if (status === 'requires_action') {
    const url = rest.next_action?.redirect_to_url?.url;
    const data = { psp: 'stripe', client_secret: rest.client_secret ?? '' };
    const action =
      url === undefined ? ({ kind: 'psp_library', data } as const) : ({ kind: 'redirect', url } as const);
    return { kind: 'requires_action', pspReference, pspCustomer, action };
  }
  const error = rest.last_setup_error;
  return error === undefined
    ? { kind: 'unknown', cause: `the SetupIntent is ${status}` }
    : { kind: 'declined', decline: declineFromStripe(error.decline_code ?? error.code ?? 'card_declined') };
}
