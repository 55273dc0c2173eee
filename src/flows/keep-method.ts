import { createHash } from 'node:crypto';
import { type PaymentMethod, concludeSetup } from '../domain/customer/customer.ts';
import type { PspName } from '../domain/payment/attempt.ts';
import type { Methods } from '../domain/routing/methods.ts';
import { type Refusal, isRefusal, refuse } from '../domain/refusal.ts';
import type { NewRequest, Reply } from '../domain/request.ts';
import { type CustomerId, type MerchantId, type PaymentMethodId, idFrom } from '../kernel/ids.ts';
import type { Currency } from '../kernel/money.ts';
import type { SetupSubject } from '../psp/psp.ts';
import type { Deps } from './deps.ts';
import { type Answer, earlier, fresh } from './answer.ts';

/** As the path names it. */
type MethodName = { readonly customer_id: CustomerId; readonly payment_method_id: PaymentMethodId };

export type KeepAsk = {
  readonly request: NewRequest;
  readonly customerId: CustomerId;
  readonly method: string | Methods;
  readonly currency: Currency;
  readonly returnUrl?: string;
};

/**
 * Keeps a payment method of a customer without a payment. It moves no money, so nothing is recorded before the call:
 * the method's id follows from the request, and whoever repeats the request makes the same call again.
 */
export async function keepMethod(deps: Deps, ask: KeepAsk): Promise<Answer> {
  const { merchantId } = ask.request;
  const known = earlier(await deps.store.requests.find(ask.request), ask.request);
  if (known !== null) return known;
  const customer = await deps.store.customers.find(merchantId, ask.customerId);
  if (customer === null) return refuse('not_found', 'There is no such customer.');

  const at = deps.clock();
  const id = methodIdOf(ask.request);
  const payment = { checkoutId: id, total: { amount: 0n, currency: ask.currency } };
  const [route] = deps.psps.route(merchantId, payment, ask.method);
  if (route === undefined) return refuse('no_psp_for_payment', 'No PSP account takes this payment method.');
  const { name: psp, account: pspAccount } = route.psp;
  const others = await deps.store.customers.methods(merchantId, customer.id);
  const planned: PaymentMethod = {
    id,
    merchantId,
    customerId: customer.id,
    psp,
    pspAccount,
    pspCustomer: pspCustomerAt(others, psp, pspAccount),
    pspReference: null,
    createdAt: at,
    changedAt: at,
    state: 'pending',
    action: null,
  };
  const { currency, returnUrl } = ask;
  const subject = {
    ...subjectOf(planned, currency),
    method: route.method,
    ...(returnUrl === undefined ? {} : { returnUrl }),
  };
  const outcome = await route.psp.setUp(subject);
  if (outcome.kind === 'not_sent' || outcome.kind === 'unknown')
    return refuse('psp_unavailable', 'The PSP was not heard; repeat the request with the same key.');
  const method = concludeSetup(planned, outcome, deps.clock());
  const reply: Reply = { ...deps.render.method(method), status: 201 };
  const saved = await deps.store.customers.addMethod(method, { ...ask.request, reply });
  return saved === 'saved' ? fresh(reply) : keepMethod(deps, ask);
}

/** The buyer came back from the issuer: the PSP is asked what became of the set-up. Asking twice changes nothing. */
export async function completeMethod(
  deps: Deps,
  merchantId: MerchantId,
  name: MethodName,
  brought: Readonly<Record<string, string>>,
): Promise<PaymentMethod | Refusal> {
  const method = await findMethod(deps, merchantId, name);
  if (isRefusal(method)) return method;
  const account = deps.psps.find(method.psp, method.pspAccount);
  if (method.state !== 'pending' || account === null) return method;
  const outcome = await account.psp.completeSetup(subjectOf(method, 'EUR' as Currency), brought);
  const after = concludeSetup(method, outcome, deps.clock());
  if (after === method) return method;
  if (await deps.store.customers.changeMethod(method, after)) return after;
  return completeMethod(deps, merchantId, name, brought);
}

/** The stored method as its PSP knows it, if it is this customer's. */
export async function storedMethod(
  deps: Deps,
  merchantId: MerchantId,
  methodId: PaymentMethodId,
  customerId: CustomerId | undefined,
): Promise<(PaymentMethod & { state: 'stored' }) | Refusal> {
  const method = await deps.store.customers.findMethod(merchantId, methodId);
  return method?.state === 'stored' && method.customerId === customerId
    ? method
    : refuse('not_found', 'The customer of this checkout has no such payment method.', '/payment_method');
}

/** The shop or the customer wants it gone. It cannot be paid with any more; a worker has the PSP forget it. */
export async function removeMethod(
  deps: Deps,
  merchantId: MerchantId,
  name: MethodName,
): Promise<PaymentMethod | Refusal> {
  const method = await findMethod(deps, merchantId, name);
  if (isRefusal(method)) return method;
  if (method.state === 'removed') return method;
  const { id, customerId, psp, pspAccount, pspCustomer, pspReference, createdAt } = method;
  const base = { id, merchantId, customerId, psp, pspAccount, pspCustomer, pspReference, createdAt };
  const token = method.state === 'stored' ? method.token : null;
  const removed: PaymentMethod = { ...base, changedAt: deps.clock(), state: 'removed', token };
  const changed = await deps.store.customers.changeMethod(method, removed);
  return changed ? removed : removeMethod(deps, merchantId, name);
}

async function findMethod(
  deps: Deps,
  merchantId: MerchantId,
  { customer_id, payment_method_id }: MethodName,
): Promise<PaymentMethod | Refusal> {
  const method = await deps.store.customers.findMethod(merchantId, payment_method_id);
  return method?.customerId === customer_id
    ? method
    : refuse('not_found', 'There is no such payment method.');
}

function subjectOf(method: PaymentMethod, currency: Currency): SetupSubject {
  const { id: methodId, merchantId, customerId, pspCustomer, pspReference, createdAt } = method;
  return { methodId, merchantId, customerId, pspCustomer, pspReference, currency, createdAt };
}

function pspCustomerAt(others: readonly PaymentMethod[], psp: PspName, account: string): string | null {
  const there = others.filter((each) => each.psp === psp && each.pspAccount === account);
  return there.find(({ pspCustomer }) => pspCustomer !== null)?.pspCustomer ?? null;
}

function methodIdOf({ merchantId, scope }: NewRequest): PaymentMethodId {
  const digest = createHash('sha256').update(`${merchantId} ${scope} payment method`).digest();
  return idFrom('pm', digest.readUIntBE(10, 6), digest);
}
