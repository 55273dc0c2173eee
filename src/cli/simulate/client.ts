import { createHash } from 'node:crypto';
import { isRefusal } from '../../domain/refusal.ts';
import type { NewRequest, RequestKind } from '../../domain/request.ts';
import type { Answer } from '../../flows/answer.ts';
import type { Deps } from '../../flows/deps.ts';
import { minuteMs, secondMs } from '../../kernel/instant.ts';
import type { Random } from './random.ts';
import type { View } from './render.ts';
import type { World } from './world.ts';

/** A request as a shop makes it; made again with its key, it is the same one. */
export type Ask = {
  readonly kind: RequestKind;
  readonly resource: string;
  readonly body: object;
  readonly flow: (deps: Deps, request: NewRequest) => Promise<Answer>;
};

/** How a shop that is told nothing, or to come back, sends its request again. */
const triesMax = 6;

/** What shops do with one request beside sending it. */
const habits: readonly (readonly [
  weight: number,
  habit: 'once' | 'twice at once' | 'again later' | 'other body',
])[] = [
  [70, 'once'],
  [12, 'twice at once'],
  [12, 'again later'],
  [6, 'other body'],
];

export type Client = {
  /** Sends until answered; null when the request was refused or nobody answered for long. */
  readonly send: (ask: Ask) => Promise<View | null>;
  /** Reads without a key. */
  readonly read: (flow: (deps: Deps) => Promise<View | null>) => Promise<View | null>;
};

/** A shop's side of the API: it keeps every reply, and complains when a repetition is answered otherwise (I4). */
export function openClient({ random, steps, merchantId, fleet, blame, told }: World): Client {
  const replies = new Map<string, string>();

  const once = async (ask: Ask, key: string, body: object): Promise<Answer | null> => {
    const { process, deps } = fleet.any();
    const scope = `${ask.kind} ${ask.resource} ${key}`;
    const bodyDigest = digestOf(body);
    const named = { merchantId, scope, kind: ask.kind, bodyDigest, rawDigest: bodyDigest };
    let answer: Answer | null;
    try {
      answer = await steps.run(process, () => ask.flow(deps, { ...named, openedAt: deps.clock() }));
    } catch (error) {
      blame('I9', `${scope}: ${String(error)}`);
      return null;
    }
    if (answer === null || isRefusal(answer)) return answer;
    const said = `${bodyDigest} ${answer.reply.status} ${answer.reply.body}`;
    const before = replies.get(scope);
    if (before !== undefined && before !== said) blame('I4', `${scope} was answered ${before}, then ${said}`);
    replies.set(scope, said);
    told(JSON.parse(answer.reply.body) as View);
    return answer;
  };

  const untilAnswered = async (ask: Ask, key: string): Promise<Answer | null> => {
    for (let tries = 0; tries < triesMax; tries += 1) {
      const answer = await once(ask, key, ask.body);
      if (answer !== null && !(isRefusal(answer) && answer.refused === 'request_in_flight')) return answer;
      if (random.chance(0.1)) return null;
      await steps.sleep(random.between(1, 40) * secondMs);
    }
    return null;
  };

  return {
    send: async (ask) => {
      const key = Buffer.from(random.bytes(6)).toString('hex');
      const habit = random.weighted(habits);
      const copies = habit === 'twice at once' ? [ask, ask] : [ask];
      const [answer = null, other] = await Promise.all(copies.map((each) => untilAnswered(each, key)));
      if (habit === 'again later') {
        await steps.sleep(random.between(1, 30) * minuteMs);
        await untilAnswered(ask, key);
      }
      if (habit === 'other body' && answer !== null && !isRefusal(answer)) {
        const spoilt = await once(ask, key, { ...ask.body, other: true });
        if (spoilt !== null && !(isRefusal(spoilt) && spoilt.refused === 'idempotency_key_reused'))
          blame('I4', `${ask.kind} ${ask.resource} took another body for its key`);
      }
      return viewIn(answer) ?? viewIn(other ?? null);
    },
    read: async (flow) => {
      const { process, deps } = fleet.any();
      try {
        return await steps.run(process, () => flow(deps));
      } catch (error) {
        blame('I9', `reading: ${String(error)}`);
        return null;
      }
    },
  };
}

function viewIn(answer: Answer | null): View | null {
  return answer === null || isRefusal(answer) ? null : (JSON.parse(answer.reply.body) as View);
}

function digestOf(body: object): string {
  const text = JSON.stringify(body, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return createHash('sha256').update(text).digest('hex');
}

/** Some of an amount, at least one minor unit. */
export function someOf(random: Random, most: number): bigint {
  return BigInt(random.between(1, Math.max(1, most)));
}
