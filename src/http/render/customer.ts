import type { z } from 'zod';
import type { Customer, PaymentMethod } from '../../domain/customer/customer.ts';
import type { customerShown, methodShown } from '../codec/customer.ts';
import { shownAt } from '../codec/parts.ts';

export function toWireCustomer({ id, reference, createdAt }: Customer): z.input<typeof customerShown> {
  return { id, reference, created_at: shownAt(createdAt) };
}

/** A stored method as replies show it; its token stays here. */
export function toWireMethod(method: PaymentMethod): z.input<typeof methodShown> {
  const card = method.state === 'stored' ? method.card : null;
  const action = method.state === 'pending' ? method.action : null;
  return {
    id: method.id,
    customer: method.customerId,
    status: method.state,
    psp: method.psp,
    card: card && { brand: card.brand ?? null, last4: card.last4 ?? null, country: card.country ?? null },
    network_transaction_id: card?.networkTransactionId ?? null,
    next_action:
      action?.kind === 'psp_library'
        ? { kind: action.kind, data: { ...action.data } }
        : action && { ...action },
    decline: method.state === 'declined' ? { code: method.decline.code } : null,
    created_at: shownAt(method.createdAt),
  };
}
