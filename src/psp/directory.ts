import { chooseAccount } from '../domain/routing/choose-account.ts';
import { type Methods, methodsOf } from '../domain/routing/methods.ts';
import type { MerchantId } from '../kernel/ids.ts';
import type { Circuit } from './breaker.ts';
import type { Psp, PspDirectory } from './psp.ts';
import { type Routing, noRouting } from './routing-file.ts';

/** An account as it is configured: whose it is, and whether it answers. */
export type OpenAccount = {
  readonly merchantId: MerchantId;
  readonly psp: Psp;
  readonly circuit: Pick<Circuit, 'rests'>;
};

/** Which PSP accounts there are, whose they are, and which of them takes a payment. All of it is in memory. */
export function pspDirectory(
  accounts: readonly OpenAccount[],
  { rules, fraudRates }: Routing = noRouting,
): PspDirectory {
  return {
    find: (psp, account) =>
      accounts.find((each) => each.psp.name === psp && each.psp.account === account) ?? null,
    list: () => accounts,
    route: (merchantId, payment, method) => {
      const own = accounts.filter((each) => each.merchantId === merchantId);
      const methods = typeof method === 'string' ? tokenAt(own, method) : method;
      const chosen = chooseAccount(
        rules,
        payment,
        own.map(({ psp, circuit }) => ({
          psp: psp.name,
          account: psp.account,
          takesMethod: methods[psp.name] !== undefined,
          rests: circuit.rests(),
        })),
      );
      return chosen.flatMap(({ psp: name, account, because }) => {
        const psp = own.find((each) => each.psp.name === name && each.psp.account === account)?.psp;
        const token = methods[name];
        if (psp === undefined || token === undefined) return [];
        const fraudRate = fraudRates[`${name}/${account}`];
        return [{ psp, method: token, because, ...(fraudRate === undefined ? {} : { fraudRate }) }];
      });
    },
  };
}

/** A token that came alone is that of the only PSP there is; otherwise it tells by its form. */
function tokenAt(accounts: readonly OpenAccount[], token: string): Methods {
  const [first, ...others] = new Set(accounts.map(({ psp }) => psp.name));
  return first !== undefined && others.length === 0 ? { [first]: token } : methodsOf(token);
}
