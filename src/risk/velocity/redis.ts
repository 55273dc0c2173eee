import { Redis } from 'ioredis';
import {
  countedKinds,
  entityKinds,
  entriesMax,
  happenings,
  type EntityKeys,
  type EntityKind,
  type Entry,
  type Histories,
  type History,
} from '../../domain/risk/entities.ts';
import type { MerchantId } from '../../kernel/ids.ts';
import { dayMs } from '../../kernel/instant.ts';
import { isAttempt, VelocityUnavailable, type Velocity } from './velocity.ts';

/**
 * Histories in Redis, shared by all processes: per entity a list of its newest entries and a hash of its totals.
 *
 * All keys of a merchant carry its id as hash tag, so that in a cluster they are on one node and an assessment is one round
 * trip; merchants spread over the nodes. One node reads some ten thousand assessments a second, far above one shop's traffic.
 */
export function redisVelocity(url: string, settings: RedisSettings = {}): Velocity {
  const { answerMsMax = 50, keepMs = 180 * dayMs } = settings;
  const redis = new Redis(url, {
    // A buyer is waiting: fail at once instead of queueing until Redis is back.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: answerMsMax,
    connectTimeout: 1_000,
    retryStrategy: (times) => Math.min(times * 100, 2_000),
  });
  redis.on('error', (error: Error) => settings.onError?.(error));

  return {
    read: async (merchantId, keys) => {
      const named = entityKinds.filter((kind) => keys[kind] !== undefined);
      const pipeline = redis.pipeline();
      for (const kind of named) {
        const base = baseOf(merchantId, kind, keys);
        pipeline.lrange(`${base}:log`, 0, entriesMax - 1);
        pipeline.hmget(`${base}:sum`, 'first', 'attempts', 'frauds', 'goods', 'last_fraud');
      }
      const answers = await pipeline.exec().catch(unavailable);
      const histories: Partial<Record<EntityKind, History>> = {};
      named.forEach((kind, index) => {
        const log = answerOf(answers, 2 * index) as string[];
        const sums = answerOf(answers, 2 * index + 1) as (string | null)[];
        histories[kind] = toHistory(log, sums);
      });
      return histories satisfies Histories;
    },
    observe: async (merchantId, keys, change) => {
      const pipeline = redis.pipeline();
      const line = change.what === 'labelled' ? '' : fromEntry({ ...change, keys });
      for (const kind of entityKinds) {
        if (keys[kind] === undefined) continue;
        const base = baseOf(merchantId, kind, keys);
        if (change.what === 'labelled') {
          if (change.fraud) pipeline.eval(knownFraud, 1, `${base}:sum`, change.happenedAt);
          else pipeline.hincrby(`${base}:sum`, 'goods', 1);
        } else {
          pipeline
            .lpush(`${base}:log`, line)
            .ltrim(`${base}:log`, 0, entriesMax - 1)
            .pexpire(`${base}:log`, keepMs);
          if (isAttempt(change.what))
            pipeline.hsetnx(`${base}:sum`, 'first', change.at).hincrby(`${base}:sum`, 'attempts', 1);
        }
        pipeline.pexpire(`${base}:sum`, keepMs);
      }
      const answers = await pipeline.exec().catch(unavailable);
      answers?.forEach((_, index) => answerOf(answers, index));
    },
    close: async () => {
      await redis.quit().catch(() => redis.disconnect());
    },
  };
}

export type RedisSettings = {
  /** A read that takes longer throws `VelocityUnavailable`. */
  readonly answerMsMax?: number;
  /** How long an entity is remembered after it was last seen: two times the 90 days in which a chargeback comes. */
  readonly keepMs?: number;
  /** Told of connection errors, which are otherwise only seen as failed reads. */
  readonly onError?: (error: Error) => void;
};

/** Labels may come out of order; the latest fraud stays. */
const knownFraud = `
redis.call('hincrby', KEYS[1], 'frauds', 1)
local last = redis.call('hget', KEYS[1], 'last_fraud')
if not last or tonumber(last) < tonumber(ARGV[1]) then redis.call('hset', KEYS[1], 'last_fraud', ARGV[1]) end`;

function baseOf(merchantId: MerchantId, kind: EntityKind, keys: EntityKeys): string {
  return `velocity:{${merchantId}}:${kind}:${keys[kind]}`;
}

/** `at what amount key key …`: the happening by its number, the counted kinds in their order, `-` for one not named. */
function fromEntry({ at, what, amount, keys }: Entry): string {
  return [at, happenings.indexOf(what), amount, ...countedKinds.map((kind) => keys[kind] ?? '-')].join(' ');
}

function toEntry(line: string): Entry {
  const [at, what, amount, ...found] = line.split(' ');
  const keys: Partial<Record<EntityKind, string>> = {};
  countedKinds.forEach((kind, index) => {
    const key = found[index];
    if (key !== undefined && key !== '-') keys[kind] = key;
  });
  return { at: Number(at), what: happenings[Number(what)] ?? 'refused', amount: Number(amount), keys };
}

function toHistory(log: readonly string[], sums: readonly (string | null)[]): History {
  const [first, attempts, frauds, goods, lastFraud] = sums.map((sum) => (sum === null ? null : Number(sum)));
  return {
    firstSeenAt: first ?? NaN,
    attempts: attempts ?? 0,
    frauds: frauds ?? 0,
    goods: goods ?? 0,
    lastFraudAt: lastFraud ?? NaN,
    entries: log.map(toEntry).reverse(),
  };
}

type Answers = [error: Error | null, answer: unknown][] | null;

function answerOf(answers: Answers, index: number): unknown {
  const [error, answer] = answers?.[index] ?? [new Error('no answer'), null];
  if (error) throw new VelocityUnavailable(error);
  return answer;
}

function unavailable(cause: unknown): never {
  throw new VelocityUnavailable(cause);
}
