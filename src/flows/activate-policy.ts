import type { AssessmentEvent } from '../domain/risk/decision.ts';
import type { OwnPolicy } from '../domain/risk/policy/own-policy.ts';
import type { Policy } from '../domain/risk/policy/policy.ts';
import { type Refusal, isRefusal, refuse } from '../domain/refusal.ts';
import type { ApiKeyId, MerchantId } from '../kernel/ids.ts';
import type { Deps } from './deps.ts';

/** Who changes what is in force, why, and the hash of what they saw in force. */
export type PolicyChangeAsk = {
  readonly event: AssessmentEvent;
  readonly replaces: string;
  readonly because: string;
  readonly by: ApiKeyId;
};

/** From now on the merchant lives by this policy instead of the installation's file. */
export async function activatePolicy(
  deps: Deps,
  merchantId: MerchantId,
  policy: Policy,
  ask: PolicyChangeAsk,
): Promise<OwnPolicy | Refusal> {
  const seen = await inForce(deps, merchantId, ask);
  if (isRefusal(seen)) return seen;
  if (policy.hash === ask.replaces) return refuse('policy_conflict', 'This policy is in force already.');
  const next = { text: textOf(policy), isOwn: true, beneath: seen.newest?.number ?? 0 };
  return change(deps, merchantId, ask, seen.newest, next, policy);
}

/** Puts back in force what the newest change replaced; at the bottom of all changes lies the installation's file. */
export async function rollBackPolicy(
  deps: Deps,
  merchantId: MerchantId,
  ask: PolicyChangeAsk,
): Promise<OwnPolicy | Refusal> {
  const seen = await inForce(deps, merchantId, ask);
  if (isRefusal(seen)) return seen;
  const { newest, changes, file } = seen;
  const beneath = newest?.beneath ?? null;
  if (beneath === null)
    return refuse(
      'policy_conflict',
      'The policy of the installation’s file is in force; there is nothing before it.',
    );
  const former = changes.find(({ number }) => number === beneath);
  if (former?.isOwn !== true)
    return change(deps, merchantId, ask, newest, { text: textOf(file), isOwn: false, beneath: null }, file);
  const read = deps.desk.check(former.text.source);
  if ('mistakes' in read)
    return refuse(
      'policy_refused',
      'The policy before this one no longer fits the models and lists there are.',
    );
  const next = { text: textOf(read.policy), isOwn: true, beneath: former.beneath };
  return change(deps, merchantId, ask, newest, next, read.policy);
}

/** More than anybody rolls back through. */
const changesMax = 1_000;

async function inForce({ store, desk }: Deps, merchantId: MerchantId, { event, replaces }: PolicyChangeAsk) {
  const changes = await store.policies.own(merchantId, event, changesMax);
  const [newest] = changes;
  const file = desk.files().find(({ policy }) => policy.event === event)?.policy;
  if (file === undefined) throw new Error(`there is no policy for ${event}`);
  const hash = newest?.isOwn === true ? newest.text.hash : file.hash;
  if (hash !== replaces)
    return refuse('policy_conflict', `The policy ${hash} is in force by now.`, '/replaces');
  return { changes, newest, file };
}

async function change(
  { store, desk, clock, newId }: Deps,
  merchantId: MerchantId,
  { because, by, replaces }: PolicyChangeAsk,
  newest: OwnPolicy | undefined,
  next: Pick<OwnPolicy, 'text' | 'isOwn' | 'beneath'>,
  { rules }: Policy,
): Promise<OwnPolicy | Refusal> {
  const own = { merchantId, ...next, number: (newest?.number ?? 0) + 1, because, by, at: clock() };
  const told = { eventId: newId('evt'), previousHash: replaces, rules: rules.length };
  if ((await store.policies.changeOwn({ ...own, ...told })) === 'outrun')
    return refuse(
      'policy_conflict',
      'Somebody else put another policy in force at the same time.',
      '/replaces',
    );
  desk.adopt([own]);
  return own;
}

function textOf({ event, hash, source, lists }: Policy): OwnPolicy['text'] {
  return { event, hash, source, lists };
}
