import type { Assessment } from '../domain/risk/assessment.ts';
import type { Policy, PolicyText } from '../domain/risk/policy/policy.ts';
import type { Decider, Deciders } from './conclusion.ts';
import { surroundingsOf, type Generation } from './generation.ts';
import { readPolicy } from './policy/read-policy.ts';

/**
 * Puts together what decided a stored assessment: policies in force by their hash or compiled again from the text that
 * was kept, models by theirs. What is not found is what decides now, and a replay says that it is another.
 */
export async function storedDeciders(
  { event, versions, shadows }: Assessment,
  generation: Generation,
  findText: (hash: string) => Promise<PolicyText | null>,
): Promise<Deciders> {
  const live = generation.deciders.get(event);
  if (live === undefined) throw new Error(`there is no policy for ${event}`);
  const { models } = generation;
  const loaded = [...generation.deciders.values()].flatMap((each) => [each, ...each.challengers]);

  const policyOf = async (hash: string): Promise<Policy> => {
    const known = loaded.find(({ policy }) => policy.hash === hash)?.policy;
    const text = known === undefined ? await findText(hash) : null;
    if (text === null) return known ?? live.policy;
    const lists = new Map(Object.entries(text.lists));
    const read = readPolicy('stored', text.source, surroundingsOf(models, lists));
    return 'policy' in read ? read.policy : live.policy;
  };
  const deciderOf = async (hash: string, model: string | null): Promise<Decider> => {
    const policy = await policyOf(hash);
    const asked = [...models.values()].find((each) => each.hash === model);
    // A model that gave no answer has left no hash; the policy still names it.
    return { policy, model: asked ?? (policy.model === null ? null : (models.get(policy.model) ?? null)) };
  };
  const challengers = [];
  for (const { name, versions: its } of shadows)
    challengers.push({ name, ...(await deciderOf(its.policy, its.model)) });
  return { ...(await deciderOf(versions.policy, versions.model)), challengers };
}
