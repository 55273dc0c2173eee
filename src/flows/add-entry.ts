import type { Entry, EntryPlace } from '../domain/risk/entry.ts';
import { personalTerms } from '../domain/risk/policy/vocabulary.ts';
import { type Refusal, isRefusal, refuse } from '../domain/refusal.ts';
import type { ApiKeyId, AssessmentId, MerchantId } from '../kernel/ids.ts';
import type { Deps } from './deps.ts';

/** Whom it is about: a value as the analyst types it, or whoever an assessment saw. */
export type EntrySubject = { readonly value: string } | { readonly assessment: AssessmentId };

export type EntryAsk = Pick<Entry, 'what' | 'name' | 'reason' | 'expiresAt'> & {
  readonly subject: EntrySubject;
  readonly by: ApiKeyId;
};

/** Puts somebody on a list, or silences a rule for a customer; takes the place of what was said before. */
export async function addEntry(deps: Deps, merchantId: MerchantId, ask: EntryAsk): Promise<Entry | Refusal> {
  const { reason, expiresAt, by } = ask;
  const now = deps.clock();
  if (expiresAt !== null && expiresAt <= now)
    return refuse('entry_refused', 'It would have expired already.', '/expires_at');
  const place = await placeOf(deps, merchantId, ask);
  if (isRefusal(place)) return place;
  const entry: Entry = {
    ...place,
    id: deps.newId('ent'),
    merchantId,
    reason,
    expiresAt,
    addedBy: by,
    addedAt: now,
    removed: null,
  };
  const changed = await deps.store.entries.add(entry);
  if (changed.length === 0) return addEntry(deps, merchantId, ask);
  deps.desk.learn(changed);
  return entry;
}

/** Where in the lists or snoozes somebody stands. Their value is turned into its pseudonym here and not kept. */
export async function placeOf(
  { desk, store }: Deps,
  merchantId: MerchantId,
  { what, name, subject }: Pick<EntryAsk, 'what' | 'name' | 'subject'>,
): Promise<EntryPlace | Refusal> {
  const of = what === 'list' ? desk.lists().get(name)?.of : 'account.id';
  if (of === undefined) return refuse('not_found', 'There is no such list.');
  if (what === 'snooze' && !desk.rules(merchantId).has(name))
    return refuse('entry_refused', 'No policy has a rule of this name.', '/rule');
  if ('value' in subject) {
    const key = desk.keyOf(merchantId, of, subject.value);
    if (key !== undefined) return { what, name, key };
    return refuse('entry_refused', `This is no ${of}.`, what === 'list' ? '/value' : '/customer');
  }
  const assessment = await store.assessments.find(merchantId, subject.assessment);
  const kind = personalTerms.find((term) => term.name === of)?.kind;
  const key = kind && assessment?.entities[kind];
  if (key !== undefined) return { what, name, key };
  return refuse('entry_refused', `There is no such assessment, or it saw no ${of}.`, '/assessment');
}
