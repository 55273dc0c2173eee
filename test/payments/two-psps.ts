import { startAdyenSandbox } from '../../src/sandbox/adyen/adyen.ts';
import { registerAdyenWebhook, standInAdyen } from '../../src/cli/stand-in-psps.ts';
import { type Reply, type TestService, startTestService } from '../harness/service.ts';
import type { Environment } from '../../src/config.ts';
import { auditAll } from '../../src/invariants/invariants.ts';
import { readLedger } from '../../src/invariants/ledger.ts';
import { auditPurchases } from '../../src/store/audit.ts';
import { openPatiently } from '../../src/store/database.ts';

/** A service with an account at either stand-in, both of which tell it what happens. */
export async function startWithTwoPsps(env: Environment = {}) {
  const adyen = await startAdyenSandbox();
  const shop: TestService = await startTestService({
    webhooks: true,
    env: {
      ADYEN_BASE_URL: adyen.url,
      ADYEN_API_KEY: standInAdyen.apiKey,
      ADYEN_MERCHANT_ACCOUNT: standInAdyen.account,
      ADYEN_HMAC_KEYS: standInAdyen.hmacKey,
      ...env,
    },
  });
  await registerAdyenWebhook(adyen.url, `${shop.api}/webhooks/adyen/${standInAdyen.account}`);
  const script = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${adyen.url}/_sandbox/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return path === 'ledger'
      ? text
          .trim()
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as unknown)
      : JSON.parse(text);
  };
  /** A new checkout, confirmed with this body. */
  const pay = async (body: object, checkout: object = {}): Promise<Reply> => {
    const made = await shop.call('POST', '/v1/checkouts', {
      body: { amount: 1299, currency: 'EUR', ...checkout },
    });
    const id = made.body['id'] as string;
    return shop.call('POST', `/v1/checkouts/${id}/confirm`, { body });
  };
  const ledgers = async () => [...(await readLedger(shop.stripeUrl)), ...(await readLedger(adyen.url))];
  return {
    ...shop,
    adyenUrl: adyen.url,
    /** Both PSPs' own books. */
    ledgers,
    /** Scripts of the stand-in Adyen. */
    adyen: script,
    /** Our own books against the invariants, and against those of both PSPs. */
    audit: async () => {
      const pool = openPatiently(shop.databaseUrl);
      try {
        return await auditAll(auditPurchases(pool), await ledgers(), { now: Date.now(), settlingMs: 60_000 });
      } finally {
        await pool.close();
      }
    },
    close: async () => {
      await shop.close();
      await adyen.close();
    },
    pay,
    /** Stripe takes what was asked for and answers something else, before its webhook tells the truth. */
    misheard: async (body: object, checkout: object = {}, set: object = { amount: 1 }): Promise<Reply> => {
      await shop.script('POST', 'webhooks', { hold: true });
      await shop.fault({ match: { method: 'POST', path: '/v1/payment_intents' }, do: 'alter', set });
      const paid = await pay(body, checkout);
      await shop.script('POST', 'webhooks', { hold: false, release: true });
      return paid;
    },
    /** The attempts and the journal of what a confirm answered. */
    history: async (paid: { body: Record<string, unknown> }) => {
      const { id } = paid.body['payment'] as { id: string };
      return (await shop.call('GET', `/v1/payments/${id}`)).body;
    },
  };
}

export type TwoPsps = Awaited<ReturnType<typeof startWithTwoPsps>>;

/** A card as Adyen's page component hands it over. */
export function adyenCard(number = '4111111111111111', holderName = 'Ann') {
  return {
    type: 'scheme',
    encryptedCardNumber: `sealed_${Buffer.from(number).toString('hex')}`,
    encryptedExpiryMonth: 'test_03',
    encryptedExpiryYear: 'test_2030',
    encryptedSecurityCode: 'test_737',
    holderName,
  };
}

export type Paid = { readonly body: Readonly<Record<string, unknown>> };

export function orderOf({ body }: Paid): string {
  return (body['order'] as { id: string }).id;
}

export function pspReferenceOf({ body }: Paid): string {
  return (body['payment'] as { psp_reference: string }).psp_reference;
}
