import type { Policy } from '../domain/risk/policy/policy.ts';
import type { ShadowPolicy } from '../domain/risk/policy/shadow-policy.ts';
import { type Refusal, refuse } from '../domain/refusal.ts';
import type { ApiKeyId, MerchantId } from '../kernel/ids.ts';
import type { Deps } from './deps.ts';

export type ShadowAsk = { readonly name: string; readonly policy: Policy; readonly by: ApiKeyId };

/** Each takes a part of every assessment's time; what a shop tries for good belongs into a file. */
const shadowsMax = 10;

/** From now on a draft is evaluated beside the policy in force, recorded and never acted on. */
export async function addShadow(
  { store: { policies }, desk, clock, newId }: Deps,
  merchantId: MerchantId,
  { name, policy, by }: ShadowAsk,
): Promise<ShadowPolicy | Refusal> {
  const live = desk.files().find((each) => each.policy.event === policy.event);
  const isTaken = live?.challengers.some((challenger) => challenger.name === name) === true;
  const tried = await policies.shadows(merchantId, 1_000);
  if (tried.filter(({ removed }) => removed === null).length >= shadowsMax)
    return refuse(
      'shadow_refused',
      `A merchant tries at most ${shadowsMax} drafts at once; remove one first.`,
    );
  const { event, hash, source, lists } = policy;
  const shadow: ShadowPolicy = {
    id: newId('shp'),
    merchantId,
    name,
    text: { event, hash, source, lists },
    addedBy: by,
    addedAt: clock(),
    removed: null,
  };
  if (isTaken || (await policies.addShadow(shadow)) === 'name_taken')
    return refuse('shadow_refused', 'There is a challenger of this name.', '/name');
  desk.shadow([shadow]);
  return shadow;
}
