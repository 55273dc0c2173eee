import type { StoredMethod } from './ledger.ts';
import type { Sandbox } from './sandbox.ts';
import { ok, problem, textAt, type Json, type Reply } from './wire.ts';

/** `GET /storedPaymentMethods`: the cards kept for a shopper. */
export function listStoredMethods(sandbox: Sandbox, query: URLSearchParams): Reply {
  const merchantAccount = query.get('merchantAccount') ?? '';
  const shopperReference = query.get('shopperReference') ?? '';
  const storedPaymentMethods = methodsOf(sandbox, merchantAccount, shopperReference).map((method) => ({
    id: method.id,
    type: 'scheme',
    ...cardFields(method),
    alias: method.card.alias,
    aliasType: 'Default',
    cardBin: method.card.bin,
    shopperReference,
  }));
  return ok({ merchantAccount, shopperReference, storedPaymentMethods });
}

/** `DELETE /storedPaymentMethods/{id}`. */
export function forgetStoredMethod(sandbox: Sandbox, id: string, query: URLSearchParams): Reply {
  const shopperReference = query.get('shopperReference') ?? '';
  const kept = methodsOf(sandbox, query.get('merchantAccount') ?? '', shopperReference);
  if (!kept.some((method) => method.id === id)) return problem(422, '800', 'Contract not found');
  sandbox.ledger.append({ kind: 'forgotten', id });
  return ok({}, 204);
}

/** `POST /paymentMethods`: cards, and those kept for the shopper. */
export function paymentMethods(sandbox: Sandbox, body: Json): Reply {
  const stored = methodsOf(sandbox, textAt(body, 'merchantAccount'), textAt(body, 'shopperReference'));
  return ok({
    paymentMethods: [{ brands: ['visa', 'mc', 'amex'], name: 'Cards', type: 'scheme' }],
    storedPaymentMethods: stored.map((method) => ({
      id: method.id,
      type: 'scheme',
      ...cardFields(method),
      supportedShopperInteractions: ['Ecommerce', 'ContAuth'],
    })),
  });
}

function methodsOf({ ledger }: Sandbox, merchantAccount: string, shopperReference: string): StoredMethod[] {
  return [...ledger.storedMethods.values()].filter(
    (method) =>
      method.merchantAccount === merchantAccount &&
      shopperReference !== '' &&
      method.shopperReference === shopperReference,
  );
}

function cardFields({ card, networkTxReference }: StoredMethod) {
  const { brand, lastFour, expiryMonth, expiryYear, holderName } = card;
  const supportedRecurringProcessingModels = ['CardOnFile', 'Subscription', 'UnscheduledCardOnFile'];
  return {
    brand,
    lastFour,
    expiryMonth,
    expiryYear,
    holderName,
    networkTxReference,
    supportedRecurringProcessingModels,
  };
}
