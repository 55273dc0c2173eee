import type { EventType } from './domain/events/event.ts';
import type { Metrics } from './observe/metrics.ts';
import type { OpenAccount } from './psp/directory.ts';
import type { Store } from './store/store.ts';

/** The same store, with every event that it commits counted: what shops' conversion is read from. */
export function measuredStore(store: Store, { facts_total: facts }: Pick<Metrics, 'facts_total'>): Store {
  const count = (events: readonly { readonly type: EventType }[]): void => {
    for (const { type } of events) facts.add({ type });
  };
  return {
    ...store,
    purchases: {
      ...store.purchases,
      save: async (change) => {
        const saved = await store.purchases.save(change);
        if (saved === 'saved') count(change.events);
        return saved;
      },
    },
    assessments: {
      ...store.assessments,
      save: async (assessment, event, request) => {
        const saved = await store.assessments.save(assessment, event, request);
        if (saved === 'saved') count([event]);
        return saved;
      },
    },
    events: {
      ...store.events,
      append: async (events) => {
        await store.events.append(events);
        count(events);
      },
    },
  };
}

/** The same account, with the time of every call and what came of it, waiting for its turn included. */
export function measuredAccount(
  account: OpenAccount,
  { psp_call_seconds: seconds }: Pick<Metrics, 'psp_call_seconds'>,
): OpenAccount {
  const { psp } = account;
  const labels = { psp: psp.name, account: psp.account };
  const timed =
    <Args extends readonly unknown[], Outcome extends { readonly kind: string }>(
      call: string,
      make: (...args: Args) => Promise<Outcome>,
    ) =>
    async (...args: Args): Promise<Outcome> => {
      const began = performance.now();
      const outcome = await make(...args);
      seconds.observe({ ...labels, call, outcome: outcome.kind }, (performance.now() - began) / 1000);
      return outcome;
    };
  return {
    ...account,
    psp: {
      ...psp,
      authorize: timed('authorize', psp.authorize),
      completeAction: timed('complete_action', psp.completeAction),
      ask: timed('ask', psp.ask),
      cancel: timed('cancel', psp.cancel),
      move: timed('move', psp.move),
      askMovement: timed('ask_movement', psp.askMovement),
      setUp: timed('set_up', psp.setUp),
      completeSetup: timed('complete_setup', psp.completeSetup),
      detach: timed('detach', psp.detach),
    },
  };
}
