import type { PspDirectory } from './flows/deps.ts';
import { refuse } from './domain/refusal.ts';
import type { MerchantId } from './kernel/ids.ts';
import type { Psp } from './psp/psp.ts';

/** Which PSP accounts there are and whose they are. The first account of a merchant takes its payments. */
export function pspDirectory(
  accounts: readonly { readonly merchantId: MerchantId; readonly psp: Psp }[],
): PspDirectory {
  return {
    find: (psp, account) =>
      accounts.find((each) => each.psp.name === psp && each.psp.account === account) ?? null,
    route: ({ checkout }) => {
      const own = accounts.filter((each) => each.merchantId === checkout.merchantId);
      const [first] = own;
      if (first === undefined) return refuse('no_psp_for_payment', 'The merchant has no PSP account.');
      const because = own.length === 1 ? 'the only PSP account' : 'the first PSP account';
      return { psp: first.psp, because };
    },
  };
}
