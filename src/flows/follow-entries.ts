import type { Deps } from './deps.ts';

/**
 * Teaches this process what analysts said anywhere: all of it on the first call, what is new on later ones. Asking is
 * what works behind a pooler of connections, where listening does not.
 */
export function followEntries({ store, desk, clock }: Deps): () => Promise<void> {
  let since: string | null = null;
  return async () => {
    const { entries, next } = await store.entries.changes(since, clock());
    desk.learn(entries);
    since = next;
  };
}
