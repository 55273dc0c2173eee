import { idFrom } from '../../kernel/ids.ts';
import { type LedgerLine, fromLedgerText } from '../../invariants/ledger.ts';
import { subscribedEvents } from '../../psp/stripe/subscribed-events.ts';
import type { WebhookBody } from '../../psp/psp.ts';
import { adyenSandboxWebhooks, answer as answerAdyen, openAdyenSandbox } from '../../sandbox/adyen/adyen.ts';
import { playEvent } from '../../sandbox/adyen/event-script.ts';
import { ledgerLine } from '../../sandbox/adyen/ledger-lines.ts';
import { redirectResult } from '../../sandbox/adyen/shopper.ts';
import { signItem } from '../../sandbox/adyen/signature.ts';
import type { Incoming } from '../../sandbox/http-server.ts';
import { answer as answerStripe } from '../../sandbox/stripe/server.ts';
import { signature } from '../../sandbox/stripe/webhooks.ts';
import { openWorld } from '../../sandbox/stripe/world.ts';
import type { Interleaving } from './interleaving.ts';
import type { Random } from './random.ts';
import type { Door } from './transport.ts';

export type PspName = 'stripe' | 'adyen';

/** A webhook that a PSP wants to be rid of: signed anew for each try, because signatures carry the time. */
export type Letter = {
  readonly psp: PspName;
  /** The service asks about it if it never arrives. What becomes of a refund that was made nobody asks any more. */
  readonly isAsked: boolean;
  readonly sign: () => Omit<WebhookBody, 'receivedAt'>;
};

export const stripeSecret = 'whsec_simulated';
export const adyenHmacKey = adyenSandboxWebhooks.hmacKey;

/** Both stand-in PSPs in this process, in virtual time, with ledgers of their own. */
export type StandIns = {
  readonly doors: Readonly<Record<PspName, Door>>;
  /** What they have to tell since they were last asked. */
  readonly letters: () => readonly Letter[];
  /** The money truth. */
  readonly ledger: () => readonly LedgerLine[];
  /** The buyer stands before the issuer; answers what the browser brings back. */
  readonly authenticate: (
    psp: PspName,
    reference: string,
    passes: boolean,
  ) => Readonly<Record<string, string>>;
  /** Whatever was still under way at them comes to its end. */
  readonly settle: () => void;
  /** Something happens to a payment long after; what cannot happen to it does not. */
  readonly happen: (psp: PspName, reference: string, what: string) => void;
  readonly close: () => Promise<void>;
};

const alphabet = 'BCDFGHJKLMNPQRSTVWXZ23456789';

export async function openStandIns(random: Random, steps: Interleaving): Promise<StandIns> {
  const stripe = await openWorld({
    clock: steps.now,
    newId: (prefix) => idFrom(prefix, steps.now(), random.bytes(10)),
  });
  stripe.webhooks.mode.hold = true;
  stripe.baseUrl = 'http://stripe.simulated';
  const adyen = await openAdyenSandbox(
    {
      now: steps.now,
      newReference: () =>
        Array.from({ length: 16 }, () => alphabet.charAt(random.between(0, alphabet.length - 1))).join(''),
      account: { multiplePartialCaptures: true },
      webhooks: { hold: true },
    },
    () => 'http://adyen.simulated',
  );
  let told = 0;

  const script = (path: string, body: object = {}): void =>
    answerStripe(stripe, incoming(`/_sandbox/${path}`, body), () => undefined);
  const read = (): string => {
    let text = '';
    answerStripe(stripe, { ...incoming('/_sandbox/ledger', {}), method: 'GET' }, ({ body }) => (text = body));
    return text;
  };
  const objects = () => [...stripe.accounts.values()].map(({ tables }) => tables);

  return {
    doors: {
      stripe: { answer: (...given) => answerStripe(stripe, ...given), faults: stripe.faults },
      adyen: { answer: (...given) => answerAdyen(adyen, ...given), faults: adyen.faults },
    },
    letters: () => {
      const events = stripe.webhooks.held.splice(0).filter(({ event }) => isSubscribed(event.type));
      const items = adyen.ledger.notifications.slice(told);
      told = adyen.ledger.notifications.length;
      return [
        ...events.map(({ event }): Letter => {
          const raw = JSON.stringify(event);
          const headers = () => ({ 'stripe-signature': signature(stripeSecret, raw, stripe.now()) });
          return {
            psp: 'stripe',
            isAsked: event.type !== 'refund.failed',
            sign: () => ({ raw: Buffer.from(raw), headers: headers() }),
          };
        }),
        ...items.map(({ item }): Letter => {
          const additionalData = { ...item.additionalData, hmacSignature: signItem(item, adyenHmacKey) };
          const notificationItems = [{ NotificationRequestItem: { ...item, additionalData } }];
          const raw = Buffer.from(JSON.stringify({ live: 'false', notificationItems }));
          return { psp: 'adyen', isAsked: false, sign: () => ({ raw, headers: {} }) };
        }),
      ];
    },
    ledger: () => {
      const lines = [...adyen.ledger.payments.values()].map((each) => JSON.stringify(ledgerLine(each)));
      return fromLedgerText(`${read()}${lines.join('\n')}`);
    },
    authenticate: (psp, reference, passes) => {
      if (psp === 'stripe') {
        script(`payment_intents/${reference}/authenticate`, { result: passes ? 'succeeded' : 'failed' });
        return { payment_intent: reference };
      }
      const state = adyen.ledger.payments.get(reference)?.state;
      return state?.is === 'waiting'
        ? { redirectResult: redirectResult(state.step.token, passes ? 'Y' : 'N') }
        : {};
    },
    settle: () => {
      for (const { payment_intent, refund } of objects()) {
        for (const { id, status } of payment_intent.values())
          if (status === 'processing') script(`payment_intents/${id}/settle`);
        for (const { id, status } of refund.values())
          if (status === 'pending') script(`refunds/${id}/settle`);
      }
      for (const payment of adyen.ledger.payments.values())
        if (payment.state.is === 'pending') playEvent(adyen, payment, 'settle', {});
    },
    happen: (psp, reference, what) => {
      if (psp === 'adyen') {
        const payment = adyen.ledger.payments.get(reference);
        // The stand-in would dispute what was never taken, for nothing.
        if (payment === undefined || (what === 'chargeback' && payment.captured === 0)) return;
        playEvent(adyen, payment, what, {});
        return;
      }
      const [tables] = objects().filter(({ payment_intent }) => payment_intent.has(reference));
      const charge = tables?.payment_intent.get(reference)?.latest_charge ?? '';
      const refund = [...(tables?.refund.values() ?? [])].find((each) => each.charge === charge);
      if (what === 'expire') script(`payment_intents/${reference}/expire`);
      else if (what === 'chargeback') script(`charges/${charge}/dispute`);
      else if (what === 'fraud') script(`charges/${charge}/early_fraud_warning`);
      else if (what === 'refund_failed' && refund !== undefined) script(`refunds/${refund.id}/fail`);
    },
    close: async () => {
      await stripe.close();
      adyen.webhooks.close();
      await adyen.ledger.close();
    },
  };
}

function isSubscribed(type: string): boolean {
  return (subscribedEvents as readonly string[]).includes(type);
}

function incoming(path: string, body: object): Incoming {
  return { method: 'POST', path, query: '', headers: {}, body: JSON.stringify(body) };
}
