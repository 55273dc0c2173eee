import { checkoutIdOf } from '../../domain/purchase/purchase.ts';
import { labelPurchase } from '../../flows/label-purchase.ts';
import { labelBody, labelShown } from '../codec/label.ts';
import { route } from '../route.ts';

export const labelOrder = route({
  operationId: 'labelOrder',
  method: 'post',
  path: '/v1/labels',
  tag: 'Labels',
  summary: 'Say whether an order was fraud',
  description:
    'What the shop found out by itself. Disputes, issuers’ reports, refunds as fraudulent and reviews label orders ' +
    'without being told. Labels are never changed: a later one overrules an earlier one.',
  scope: 'assessments',
  body: labelBody,
  moves: 'label_order',
  reply: { status: 201, schema: labelShown, description: 'The label.' },
  problems: ['not_found'],
  handle: ({ deps, body, request }) => {
    const now = deps.clock();
    const knownAt = body.known_at === undefined ? now : Math.min(now, Date.parse(body.known_at));
    const { order, fraud, strength } = body;
    return labelPurchase(deps, { request, checkoutId: checkoutIdOf(order), fraud, strength, knownAt });
  },
});
