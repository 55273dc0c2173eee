import type { Purchase } from '../../domain/purchase/purchase.ts';
import type { Change, Store } from '../../store/store.ts';
import type { Interleaving } from './interleaving.ts';
import type { Random } from './random.ts';

/** The real store, one statement at a time. `saved` hears of every change that was written. */
export function steppedStore(
  store: Store,
  steps: Interleaving,
  random: Random,
  saved: (change: Change) => void,
): Store {
  const gate = (name: string, verb: (...given: never[]) => unknown) => {
    return (...given: never[]) =>
      steps.call(name, async () => {
        steps.pass(random.between(1, 5));
        return inOneOrder(await verb(...given));
      });
  };
  const save = (change: Change) =>
    store.purchases.save(change).then((how) => {
      if (how === 'saved') saved(change);
      return how;
    });
  const watched: Store = { ...store, purchases: { ...store.purchases, save } };
  const parts = Object.entries(watched).map(([part, verbs]) =>
    typeof verbs === 'function'
      ? [part, gate(part, verbs as never)]
      : [
          part,
          Object.fromEntries(
            Object.entries(verbs).map(([verb, work]) => [verb, gate(`${part}.${verb}`, work as never)]),
          ),
        ],
  );
  return Object.fromEntries(parts) as Store;
}

/** PostgreSQL returns what it claimed in whatever order; a simulation that is repeated needs one. */
function inOneOrder(answer: unknown): unknown {
  if (!Array.isArray(answer)) return answer;
  return answer
    .map((row: unknown) => ({ row, key: keyOf(row) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ row }) => row);
}

function keyOf(row: unknown): string {
  const { checkout, witness, subject, scope } = row as Partial<{
    checkout: Purchase['checkout'];
    witness: { messageId: string };
    subject: { id: string } | string;
    scope: string;
  }>;
  const subjectId = typeof subject === 'object' ? subject.id : subject;
  return checkout?.id ?? witness?.messageId ?? `${subjectId ?? ''} ${scope ?? ''}`;
}
