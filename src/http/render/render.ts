import type { Render } from '../../flows/deps.ts';
import { toWireAssessment, toWireCheckout } from './checkout.ts';
import { toWireCustomer, toWireMethod } from './customer.ts';
import { toWireLabel } from './label.ts';
import { toWireOrder } from './order.ts';

/** Writes the replies that flows store with their requests. */
export const render: Render = {
  checkout: (view) => ok(toWireCheckout(view)),
  order: (view) => ok(toWireOrder(view)),
  customer: (customer) => ok(toWireCustomer(customer)),
  method: (method) => ok(toWireMethod(method)),
  label: (label) => ok(toWireLabel(label)),
  assessment: (assessment, challenge) => ok({ ...toWireAssessment(assessment), challenge }),
};

function ok(document: object) {
  return { status: 200, body: JSON.stringify(document) };
}
