import { createCheckout as create } from '../../flows/create-checkout.ts';
import { secondMs } from '../../kernel/instant.ts';
import { money } from '../../kernel/money.ts';
import { hashSecret, newSecret } from '../../flows/new-secret.ts';
import { fromWireBuyer } from '../codec/buyer.ts';
import { checkoutShown, createCheckoutBody } from '../codec/checkout.ts';
import { route } from '../route.ts';

export const createCheckout = route({
  operationId: 'createCheckout',
  method: 'post',
  path: '/v1/checkouts',
  tag: 'Checkouts',
  summary: 'Create a checkout',
  description:
    'Records what a buyer is about to pay. No money moves, and the answer holds the secret for the browser.',
  scope: 'checkouts',
  call: 'create',
  body: createCheckoutBody,
  moves: 'create_checkout',
  reply: { status: 201, schema: checkoutShown, description: 'The checkout, open.' },
  handle: ({ deps, body, request }) => {
    const secret = newSecret('cs');
    return create(deps, {
      request,
      total: money(body.amount, body.currency),
      captureMode: body.capture_mode,
      ...(body.capture_after_s === undefined ? {} : { captureAfterMs: body.capture_after_s * secondMs }),
      buyer: fromWireBuyer(body),
      ...(body.return_url === undefined ? {} : { returnUrl: body.return_url }),
      metadata: body.metadata,
      clientSecret: { secret, hash: hashSecret(secret).toString('hex') },
    });
  },
});
