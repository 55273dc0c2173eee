import { Redis, ReplyError } from 'ioredis';
import {
  entityKinds,
  entriesMax,
  entryWidth,
  toNumbers,
  type EntityKeys,
  type EntityKind,
  type Histories,
  type History,
} from '../../domain/risk/entities.ts';
import type { MerchantId } from '../../kernel/ids.ts';
import { dayMs } from '../../kernel/instant.ts';
import { isAttempt, VelocityUnavailable, type Velocity } from './velocity.ts';

/**
 * Histories in Redis, shared by all processes: per entity a hash of its totals and a string of its newest entries, the very
 * numbers that measures read. One script call is one round trip and one answer; a pipeline of two commands for each entity
 * cost this process three times as much.
 *
 * All keys of a merchant carry its id as hash tag, and scripts name every key they touch, so that in a cluster they are on one
 * node; merchants spread over the nodes. One node reads some ten thousand assessments a second, far above one shop's traffic.
 */
export function redisVelocity(url: string, settings: RedisSettings = {}): Velocity {
  const { answerMsMax = 30, keepMs = 180 * dayMs } = settings;
  const redis = new Redis(url, {
    // A buyer is waiting: fail at once instead of queueing until Redis is back.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    // What hangs is not waited for again and again: the connection is given up, and calls fail at once until there is another.
    socketTimeout: Math.max(500, answerMsMax),
    retryStrategy: (times) => Math.min(times * 100, 2_000),
    // This was the primary, and is a replica now: the address leads to another.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
    scripts: { recall: { lua: recall, readOnly: true }, remember: { lua: remember } },
  }) as Scripted;
  redis.on('error', (error: Error) => settings.onError?.(error));

  /** It answers and refuses entries (out of memory, a replica): counts that stand still are no history. */
  let takesEntries = true;

  return {
    read: async (merchantId, keys) => {
      if (!takesEntries) throw new VelocityUnavailable(new Error('Redis takes no entries'));
      const named = namedIn(keys);
      const histories: { [Kind in EntityKind]?: History } = {};
      if (named.length === 0) return histories;
      const answers = await within(answerMsMax, redis.recallBuffer(...keysOf(merchantId, named, keys)));
      named.forEach((kind, index) => (histories[kind] = toHistory(answers[index])));
      return histories satisfies Histories;
    },
    observe: async (merchantId, keys, change) => {
      const named = namedIn(keys);
      if (named.length === 0) return;
      const values =
        change.what === 'labelled'
          ? [change.fraud ? 'fraud' : 'good', change.happenedAt, change.overrules === true ? 'overrules' : '']
          : [isAttempt(change.what) ? 'attempt' : 'end', change.at, toBytes(toNumbers({ ...change, keys }))];
      const remembered = redis.remember(...keysOf(merchantId, named, keys), keepMs, ...values);
      remembered.then(
        () => (takesEntries = true),
        (cause: unknown) => (takesEntries = !(cause instanceof ReplyError)),
      );
      await within(answerMsMax, remembered);
    },
    close: async () => {
      await within(answerMsMax, redis.quit()).catch(() => redis.disconnect());
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

/** How many keys, the keys, then plain values. */
type Script<Answer> = (count: number, ...keysAndValues: (string | number | Buffer)[]) => Promise<Answer>;

type Scripted = Redis & {
  readonly recallBuffer: Script<readonly Buffer[]>;
  readonly remember: Script<unknown>;
};

/** Keys come in pairs, totals and log. An answer for each: the five totals, then the newest entries. */
const recall = `
local answers = {}
for i = 1, #KEYS, 2 do
  local totals = redis.call('hmget', KEYS[i], 'first', 'attempts', 'frauds', 'goods', 'last_fraud')
  local function number(n, none) return totals[n] and tonumber(totals[n]) or none end
  answers[#answers + 1] =
    struct.pack('<ddddd', number(1, 0/0), number(2, 0), number(3, 0), number(4, 0), number(5, 0/0))
    .. redis.call('getrange', KEYS[i + 1], ${-entriesMax * entryWidth * 8}, -1)
end
return answers`;

/** One change to all its entities at once. Labels may come out of order; the latest fraud stays while any counts. */
const remember = `
local keep, what, at, entry = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local function number(totals, of) return tonumber(redis.call('hget', totals, of) or 0) end
local function overrule(totals, of)
  if entry == 'overrules' and number(totals, of) > 0 then redis.call('hincrby', totals, of, -1) end
end
for i = 1, #KEYS, 2 do
  local totals, log = KEYS[i], KEYS[i + 1]
  if what == 'good' then
    redis.call('hincrby', totals, 'goods', 1)
    overrule(totals, 'frauds')
    if number(totals, 'frauds') == 0 then redis.call('hdel', totals, 'last_fraud') end
  elseif what == 'fraud' then
    overrule(totals, 'goods')
    redis.call('hincrby', totals, 'frauds', 1)
    local last = redis.call('hget', totals, 'last_fraud')
    if not last or tonumber(last) < tonumber(at) then redis.call('hset', totals, 'last_fraud', at) end
  else
    local kept = ${entriesMax} * #entry
    -- Cut at twice the length: most happenings then only append.
    if redis.call('append', log, entry) >= 2 * kept then redis.call('set', log, redis.call('getrange', log, -kept, -1)) end
    redis.call('pexpire', log, keep)
    if what == 'attempt' then
      redis.call('hsetnx', totals, 'first', at)
      redis.call('hincrby', totals, 'attempts', 1)
    end
  end
  redis.call('pexpire', totals, keep)
end`;
const totals = 5;

function namedIn(keys: EntityKeys): readonly EntityKind[] {
  return entityKinds.filter((kind) => keys[kind] !== undefined);
}

function keysOf(
  merchantId: MerchantId,
  named: readonly EntityKind[],
  keys: EntityKeys,
): [count: number, ...keys: string[]] {
  const both = named.flatMap((kind) => {
    const key = `history:{${merchantId}}:${kind}:${keys[kind]}`;
    return [key, `${key}:log`];
  });
  return [both.length, ...both];
}

const scratch = new Float64Array(totals + entriesMax * entryWidth);
const scratchBytes = new Uint8Array(scratch.buffer);

function toBytes(numbers: readonly number[]): Buffer {
  return Buffer.from(Float64Array.from(numbers).buffer);
}

/**
 * An array of the young heap, not a typed one: the memory of fifteen typed arrays for each assessment lies outside of it. With
 * those there were full collections, twenty milliseconds each, and fewer without: the counts fit that cause, nothing proves it.
 */
function toHistory(answer: Buffer | undefined): History {
  const count = (answer?.copy(scratchBytes) ?? 0) / Float64Array.BYTES_PER_ELEMENT;
  const log = new Array<number>(count);
  for (let index = 0; index < count; index += 1) log[index] = scratch[index] ?? NaN;
  const [firstSeenAt = NaN, attempts = 0, frauds = 0, goods = 0, lastFraudAt = NaN] = log;
  return { firstSeenAt, attempts, frauds, goods, lastFraudAt, log, from: totals, to: log.length };
}

/** The answer, or `VelocityUnavailable`. */
async function within<Answer>(ms: number, answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // After a stall of this process the answer may lie in the socket unread: it has one more turn to arrive.
    timer = setTimeout(() => setImmediate(reject, new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } catch (cause) {
    throw new VelocityUnavailable(cause);
  } finally {
    clearTimeout(timer);
  }
}
