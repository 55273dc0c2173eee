import { createHash } from 'node:crypto';
import type { Deps } from '../../flows/deps.ts';
import type { Purchase } from '../../domain/purchase/purchase.ts';
import { type Movement, isMoving } from '../../domain/payment/movement.ts';
import type { Psp } from '../../psp/psp.ts';
import type { Change, Saved, Store } from '../../store/store.ts';

/** A mistake that somebody could make, planted in a running service. The simulation has to notice. */
export type Mutant = { readonly name: string; readonly breaks: (deps: Deps) => Deps };

/** What is written is not what was decided. */
function writing(name: string, spoil: (change: Change) => Change): Mutant {
  return saving(name, (save) => (change) => save(spoil(change)));
}

function saving(name: string, other: (save: Save, store: Store) => Save): Mutant {
  return {
    name,
    breaks: (deps) => {
      const { purchases } = deps.store;
      const save = other(purchases.save, deps.store);
      return { ...deps, store: { ...deps.store, purchases: { ...purchases, save } } };
    },
  };
}

type Save = (change: Change) => Promise<Saved>;

/** What is decided on is not what is there. */
function reading(name: string, spoil: (purchase: Purchase) => Purchase): Mutant {
  return {
    name,
    breaks: (deps) => {
      const { purchases } = deps.store;
      const findForRequest: typeof purchases.findForRequest = async (request, id) => {
        const found = await purchases.findForRequest(request, id);
        return { ...found, purchase: found.purchase && spoil(found.purchase) };
      };
      return { ...deps, store: { ...deps.store, purchases: { ...purchases, findForRequest } } };
    },
  };
}

/** An adapter that is wrong about its PSP. */
function calling(name: string, spoil: (psp: Psp) => Partial<Psp>): Mutant {
  return {
    name,
    breaks: (deps) => {
      const spoilt = new Map(deps.psps.list().map(({ psp }) => [psp, { ...psp, ...spoil(psp) }]));
      const of = (psp: Psp): Psp => spoilt.get(psp) ?? psp;
      return {
        ...deps,
        psps: {
          list: () => deps.psps.list().map((each) => ({ ...each, psp: of(each.psp) })),
          find: (...account) => {
            const found = deps.psps.find(...account);
            return found && { ...found, psp: of(found.psp) };
          },
          route: (...payment) => deps.psps.route(...payment).map((each) => ({ ...each, psp: of(each.psp) })),
        },
      };
    },
  };
}

function withMovements(purchase: Purchase, keep: (movement: Movement) => boolean): Purchase {
  const { sale } = purchase;
  return sale === undefined
    ? purchase
    : { ...purchase, sale: { ...sale, movements: sale.movements.filter(keep) } };
}

export const mutants: readonly Mutant[] = [
  writing('an outbox that loses the last event of a change', (change) => ({
    ...change,
    events: change.events.slice(0, -1),
  })),
  writing('a posting that is lost', (change) => ({ ...change, postings: [] })),
  writing('a history that is not written', (change) => ({ ...change, journal: change.journal.slice(1) })),
  writing('a reply that is not stored for its key', (change) => {
    const { request, ...rest } = change;
    return request !== undefined && 'replied' in request ? rest : change;
  }),
  saving('a write that ignores that somebody else was first', (save, { purchases }) => async (change) => {
    const saved = await save(change);
    if (saved !== 'outrun' || change.before === null) return saved;
    const { checkout } = change.after;
    const now = await purchases.find(checkout.merchantId, checkout.id);
    if (now === null) return saved;
    const { version } = now.checkout;
    const after = { ...change.after, checkout: { ...checkout, version: version + 1 } };
    return save({ ...change, before: now, after });
  }),
  reading('a capture that forgets the earlier ones', (purchase) => {
    const { sale } = purchase;
    return sale?.order.state === 'authorized'
      ? { ...purchase, sale: { ...sale, payment: { ...sale.payment, captured: 0n } } }
      : purchase;
  }),
  reading('a refund that does not count those under way', (purchase) =>
    withMovements(purchase, (each) => !(each.kind === 'refund' && isMoving(each))),
  ),
  {
    name: 'a key that takes any body',
    breaks: (deps) => {
      const { purchases } = deps.store;
      const findForRequest: typeof purchases.findForRequest = async (request, id) => {
        const found = await purchases.findForRequest(request, id);
        const bodyDigest = (request as { bodyDigest?: string }).bodyDigest ?? '';
        return { ...found, request: found.request && { ...found.request, bodyDigest } };
      };
      return { ...deps, store: { ...deps.store, purchases: { ...purchases, findForRequest } } };
    },
  },
  {
    name: 'a webhook that is applied whatever is known',
    breaks: (deps) => {
      const { purchases } = deps.store;
      const findByReference: typeof purchases.findByReference = async (account, ref) => {
        const found = await purchases.findByReference(account, ref);
        if (found?.sale === undefined) return found;
        const again = (each: Movement): Movement =>
          each.state === 'succeeded' && !each.stray && each.pspKey === each.id
            ? { ...each, state: 'pending' }
            : each;
        return { ...found, sale: { ...found.sale, movements: found.sale.movements.map(again) } };
      };
      return { ...deps, store: { ...deps.store, purchases: { ...purchases, findByReference } } };
    },
  },
  {
    name: 'a webhook that is thrown away',
    breaks: (deps) => {
      const deliveries = { ...deps.store.deliveries, receive: () => Promise.resolve(1) };
      return { ...deps, store: { ...deps.store, deliveries } };
    },
  },
  {
    name: 'a settle worker that never looks',
    breaks: (deps) => {
      const settling = { ...deps.store.settling, claimDue: () => Promise.resolve([]) };
      return { ...deps, store: { ...deps.store, settling } };
    },
  },
  {
    name: 'a request that nobody resumes',
    breaks: (deps) => {
      const requests = { ...deps.store.requests, claimAbandoned: () => Promise.resolve([]) };
      return { ...deps, store: { ...deps.store, requests } };
    },
  },
  calling('a retry with another key', (psp) => {
    let calls = 0;
    return {
      authorize: (subject) => {
        calls += 1;
        const pspKey = createHash('sha256')
          .update(`${subject.attempt.request.pspKey} ${calls}`)
          .digest('hex');
        const request = { ...subject.attempt.request, pspKey };
        return psp.authorize({ ...subject, attempt: { ...subject.attempt, request } });
      },
    };
  }),
  calling('an unheard outcome that is taken for a failure', (psp) => ({
    authorize: async (subject) => {
      const outcome = await psp.authorize(subject);
      return outcome.kind === 'unknown' ? { kind: 'not_sent', cause: outcome.cause } : outcome;
    },
    ask: async (subject) => {
      const outcome = await psp.ask(subject);
      return outcome.kind === 'unknown' ? { kind: 'not_sent', cause: outcome.cause } : outcome;
    },
    move: async (subject) => {
      const outcome = await psp.move(subject);
      return outcome.kind === 'unknown' ? { kind: 'not_sent', cause: outcome.cause } : outcome;
    },
  })),
  calling('a void that is believed before the PSP is asked', (psp) => ({
    move: (subject) =>
      subject.movement.kind === 'void'
        ? Promise.resolve({ kind: 'succeeded', pspReference: 'believed', amount: subject.movement.amount })
        : psp.move(subject),
  })),
  calling('a refund that is made twice', (psp) => ({
    move: async (subject) => {
      const outcome = await psp.move(subject);
      if (subject.movement.kind !== 'refund') return outcome;
      await psp.move({
        ...subject,
        movement: { ...subject.movement, pspKey: `${subject.movement.id}-again` },
      });
      return outcome;
    },
  })),
  calling('a forged webhook that is believed', (psp) => ({
    readWebhook: (body) => {
      const reading = psp.readWebhook(body);
      return reading.kind === 'refused' ? { kind: 'witnesses', witnesses: [] } : reading;
    },
  })),
];
