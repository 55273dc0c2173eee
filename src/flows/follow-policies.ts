import type { Deps } from './deps.ts';

/**
 * Keeps the record of the policy files that are in force here, tells the merchants who live by them when that changed, and
 * teaches this process which policies merchants put in their place and which drafts they try. Everything on the first call,
 * what is new on later ones.
 */
export function followPolicies({ store, desk, clock, newId }: Deps): () => Promise<void> {
  const inForce = new Map<string, string>();
  const kept = new Set<string>();
  let since: string | null = null;
  let ownSince: string | null = null;
  return async () => {
    for (const { policy, challengers } of desk.files()) {
      if (inForce.get(policy.event) !== policy.hash) {
        const told = (await store.merchants.list()).map(({ id }) => ({
          merchantId: id,
          eventId: newId('evt'),
        }));
        await store.policies.activate({ policy, at: clock(), told });
      }
      inForce.set(policy.event, policy.hash);
      for (const { policy: tried } of challengers) {
        if (!kept.has(tried.hash)) await store.policies.keep(tried);
        kept.add(tried.hash);
      }
    }
    const { shadows, next } = await store.policies.shadowChanges(since);
    desk.shadow(shadows);
    since = next;
    const changes = await store.policies.ownChanges(ownSince);
    desk.adopt(changes.own);
    ownSince = changes.next;
  };
}
