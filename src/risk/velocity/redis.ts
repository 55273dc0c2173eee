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
 * Histories in Redis, shared by all processes: per entity a hash of its totals and a string of its newest entries. A list of
 * entries made a thousand replies of one assessment.
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
  redis.defineCommand('remember', { lua: remember });
  const toEntries = entryReader();

  return {
    read: async (merchantId, keys) => {
      const named = entityKinds.filter((kind) => keys[kind] !== undefined);
      const pipeline = redis.pipeline();
      for (const kind of named) {
        const key = keyOf(merchantId, kind, keys);
        pipeline.getrange(`${key}:log`, -entriesMax * entryWidth, -1).hmget(key, ...fields);
      }
      const answers = await pipeline.exec().catch(unavailable);
      const histories: Partial<Record<EntityKind, History>> = {};
      named.forEach((kind, index) => {
        const log = answerOf(answers, 2 * index) as string;
        const sums = answerOf(answers, 2 * index + 1) as (string | null)[];
        histories[kind] = { ...toSums(sums), entries: toEntries(log) };
      });
      return histories satisfies Histories;
    },
    observe: async (merchantId, keys, change) => {
      const named = entityKinds.filter((kind) => keys[kind] !== undefined);
      if (named.length === 0) return;
      const values =
        change.what === 'labelled'
          ? [change.fraud ? 'fraud' : 'good', change.happenedAt]
          : [isAttempt(change.what) ? 'attempt' : 'end', change.at, fromEntry({ ...change, keys })];
      await (redis as Remembering)
        .remember(named.length, ...named.map((kind) => keyOf(merchantId, kind, keys)), keepMs, ...values)
        .catch(unavailable);
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

type Remembering = Redis & {
  readonly remember: (count: number, ...keysAndValues: (string | number)[]) => Promise<unknown>;
};

/** One change to all its entities at once. Labels may come out of order; the latest fraud stays. */
const remember = `
local keep, what, at, line = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
for _, key in ipairs(KEYS) do
  if what == 'good' then redis.call('hincrby', key, 'goods', 1)
  elseif what == 'fraud' then
    redis.call('hincrby', key, 'frauds', 1)
    local last = redis.call('hget', key, 'last_fraud')
    if not last or tonumber(last) < tonumber(at) then redis.call('hset', key, 'last_fraud', at) end
  else
    local log = key .. ':log'
    local kept = ${entriesMax} * #line
    -- Cut at twice the length: most happenings then only append.
    if redis.call('append', log, line) >= 2 * kept then redis.call('set', log, redis.call('getrange', log, -kept, -1)) end
    redis.call('pexpire', log, keep)
    if what == 'attempt' then
      redis.call('hsetnx', key, 'first', at)
      redis.call('hincrby', key, 'attempts', 1)
    end
  end
  redis.call('pexpire', key, keep)
end`;

const fields = ['first', 'attempts', 'frauds', 'goods', 'last_fraud'] as const;

function keyOf(merchantId: MerchantId, kind: EntityKind, keys: EntityKeys): string {
  return `velocity:{${merchantId}}:${kind}:${keys[kind]}`;
}

/**
 * An entry as text of one width: milliseconds since 1970 in base 36 (eight places last until 2059), the happening by its
 * number, the amount's 64 bits in hexadecimal, the counted kinds' keys in their order, blank for one not named.
 */
const width = { at: 8, what: 1, amount: 16, key: 12 };
const entryWidth = width.at + width.what + width.amount + width.key * countedKinds.length;

function fromEntry({ at, what, amount, keys }: Entry): string {
  const bits = Buffer.alloc(8);
  bits.writeDoubleBE(amount);
  const found = countedKinds.map((kind) => (keys[kind] ?? '').padEnd(width.key));
  const when = at.toString(36).padStart(width.at, '0');
  const line = `${when}${happenings.indexOf(what)}${bits.toString('hex')}${found.join('')}`;
  if (line.length !== entryWidth) throw new Error(`an entry of ${line.length} characters`);
  return line;
}

function toEntry(line: string): Entry {
  let place = 0;
  const next = (length: number): string => line.slice(place, (place += length));
  const at = Number.parseInt(next(width.at), 36);
  const what = happenings[Number(next(width.what))] ?? 'refused';
  const amount = Buffer.from(next(width.amount), 'hex').readDoubleBE();
  const keys: Partial<Record<EntityKind, string>> = {};
  for (const kind of countedKinds) {
    const key = next(width.key).trimEnd();
    if (key !== '') keys[kind] = key;
  }
  return { at, what, amount, keys };
}

/** Reads logs, oldest entry first. An entry is in the logs of all its entities and is read again and again: it is parsed once. */
function entryReader(): (log: string) => readonly Entry[] {
  const known = new Map<string, Entry>();
  return (log) =>
    Array.from({ length: log.length / entryWidth }, (_, index) => {
      const line = log.slice(index * entryWidth, (index + 1) * entryWidth);
      const found = known.get(line);
      if (found !== undefined) return found;
      if (known.size >= knownMax) known.clear();
      const entry = toEntry(line);
      // A copy: a slice would keep the whole log in memory.
      known.set(Buffer.from(line, 'latin1').toString('latin1'), entry);
      return entry;
    });
}

/** About 20 MB; a shop with a hundred orders a minute stays in it for hours. */
const knownMax = 40_000;

function toSums(sums: readonly (string | null)[]): Omit<History, 'entries'> {
  const [first, attempts, frauds, goods, lastFraud] = sums.map((sum) => (sum === null ? null : Number(sum)));
  return {
    firstSeenAt: first ?? NaN,
    attempts: attempts ?? 0,
    frauds: frauds ?? 0,
    goods: goods ?? 0,
    lastFraudAt: lastFraud ?? NaN,
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
