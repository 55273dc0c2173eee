import { z } from 'zod';
import type { Methods } from '../../domain/routing/methods.ts';
import { confirmCheckout as confirm } from '../../flows/confirm-checkout.ts';
import { withoutAssessment } from '../render/checkout.ts';
import { aboutBuyer, leftByConfirm } from '../codec/about.ts';
import { checkoutShown, confirmCheckoutBody } from '../codec/checkout.ts';
import { idOf, withoutUndefined } from '../codec/parts.ts';
import { fromWireObserved, occurredAt } from '../codec/signals.ts';
import { type Caller, route } from '../route.ts';

export const confirmCheckout = route({
  operationId: 'confirmCheckout',
  method: 'post',
  path: '/v1/checkouts/{checkout_id}/confirm',
  tag: 'Checkouts',
  summary: 'Pay a checkout',
  description:
    'Assesses the risk, authorises with a PSP and, with automatic capture, captures. The answer is the checkout: ' +
    '`completed`; `requires_action` with a `next_action` for the buyer; `open` again after a decline or a block; ' +
    '`processing` when the PSP has not been heard, which settles by itself. With a publishable key `assessment` is null.',
  scope: 'checkouts',
  client: true,
  call: 'confirm',
  about: (body) => ({ keys: aboutBuyer(body.signals, body.payment_method) }),
  outcomeOf: leftByConfirm,
  forBrowser: withoutAssessment,
  params: z.strictObject({ checkout_id: idOf('chk', 'The checkout.') }),
  body: confirmCheckoutBody,
  moves: 'confirm_checkout',
  reply: { status: 200, schema: checkoutShown, description: 'What became of the payment.' },
  problems: [
    'checkout_not_open',
    'checkout_expired',
    'checkout_processing',
    'payment_quarantined',
    'no_psp_for_payment',
    'authentication_not_usable',
  ],
  handle: ({ deps, caller, params, body, request, hasProved }) => {
    const signals = fromWireObserved(body.signals);
    const happenedAt = occurredAt(body.signals, caller, deps.clock());
    if (typeof happenedAt === 'object') return Promise.resolve(happenedAt);
    return confirm(deps, {
      request,
      checkoutId: params.checkout_id,
      ...(body.signals.occurred_at === undefined ? {} : { happenedAt }),
      ...(caller.clientSecretHash === undefined ? {} : { clientSecretHash: caller.clientSecretHash }),
      method: body.payment_method ?? methodsOf(body.payment_methods),
      ...(caller.key.kind === 'publishable' ? { initiator: 'buyer', hasProved } : fromServer(body)),
      signals:
        caller.key.kind === 'publishable'
          ? { ...signals, device: { ...signals.device, ...seen(caller) } }
          : signals,
      browser: caller.key.kind === 'publishable' ? browserOf(seen(caller)) : browserOf(signals.device ?? {}),
    });
  },
});

/** What only the shop's server may claim. */
function fromServer({
  initiator,
  network_transaction_id,
  external_3ds,
}: z.output<typeof confirmCheckoutBody>) {
  const external3ds = external_3ds && {
    version: external_3ds.version,
    transStatus: external_3ds.trans_status,
    eci: external_3ds.eci,
    cavv: external_3ds.cavv,
    dsTransId: external_3ds.ds_trans_id,
  };
  return { initiator, ...withoutUndefined({ networkTransactionId: network_transaction_id, external3ds }) };
}

export function methodsOf({ stripe, adyen }: { stripe?: string | undefined; adyen?: unknown } = {}): Methods {
  return withoutUndefined({
    stripe,
    adyen: adyen === undefined || typeof adyen === 'string' ? adyen : JSON.stringify(adyen),
  });
}

/** What the connection itself tells about a browser: it may not be overruled by the body. */
function seen({ address, userAgent, acceptLanguage, clientHints }: Caller) {
  return withoutUndefined({ ip: address, userAgent, acceptLanguage, clientHints });
}

function browserOf(device: { ip?: string; userAgent?: string; acceptLanguage?: string }) {
  const { ip, userAgent, acceptLanguage } = device;
  return withoutUndefined({ ip, userAgent, acceptLanguage });
}
