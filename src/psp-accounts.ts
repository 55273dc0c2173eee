import type { Config } from './config.ts';
import type { MerchantId } from './kernel/ids.ts';
import { circuit } from './psp/breaker.ts';
import type { OpenAccount } from './psp/directory.ts';
import { guard, stripeRate } from './psp/guarded.ts';
import type { Rate } from './psp/limiter.ts';
import type { Psp } from './psp/psp.ts';
import { createStripePsp } from './psp/stripe/stripe.ts';

/** Longer than a burst takes to pass, shorter than a buyer's patience. */
const turnMsMax = 2_000;

/** A stand-in has no limit of its own, and a bench should meet ours, not Stripe's. */
const standInRate: Rate = { perSecond: 10_000, burst: 10_000 };

/** The configured accounts, each with a circuit of its own and never called faster than its limits. */
export async function accountsOf(
  { stripe, adyen, pspTimeoutMs: timeoutMs }: Config,
  merchantId: MerchantId,
): Promise<OpenAccount[]> {
  const clock = Date.now;
  const open = (baseUrl: string | null, create: (heard: (answered: boolean) => void) => Psp): OpenAccount => {
    const breaker = circuit(clock);
    const limits = { each: baseUrl === null ? stripeRate : standInRate };
    const psp = guard(create(breaker.heard), { limits, waitMsMax: turnMsMax, circuit: breaker, clock });
    return { merchantId, psp, circuit: breaker };
  };
  const accounts: OpenAccount[] = [];
  if (stripe !== null) {
    const { baseUrl, ...account } = stripe;
    const base = baseUrl === null ? {} : { baseUrl };
    accounts.push(
      open(baseUrl, (heard) => createStripePsp({ ...account, ...base, timeoutMs, heard, clock })),
    );
  }
  if (adyen !== null) {
    // Loaded where it is used: the library is 30 MB.
    const { createAdyenPsp } = await import('./psp/adyen/adyen.ts');
    const { baseUrl, liveUrlPrefix, ...account } = adyen;
    const place = {
      ...(baseUrl !== null && { baseUrl }),
      environment: liveUrlPrefix === null ? ('test' as const) : ('live' as const),
      ...(liveUrlPrefix !== null && { liveEndpointUrlPrefix: liveUrlPrefix }),
    };
    accounts.push(
      open(baseUrl, (heard) => createAdyenPsp({ ...account, ...place, timeoutMs, heard, clock })),
    );
  }
  return accounts;
}
