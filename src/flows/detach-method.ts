import type { RemovedMethod } from '../domain/customer/customer.ts';
import type { Deps } from './deps.ts';

/** Tells the PSP that a method which was removed here is to be forgotten there. Telling it twice changes nothing. */
export async function detachMethod(deps: Deps, method: RemovedMethod): Promise<void> {
  const { token, pspCustomer } = method;
  const account = deps.psps.find(method.psp, method.pspAccount);
  if (token === null || account === null) return;
  const outcome = await account.psp.detach({ token, pspCustomer });
  if (outcome.kind === 'detached')
    await deps.store.customers.changeMethod(method, { ...method, token: null });
}
