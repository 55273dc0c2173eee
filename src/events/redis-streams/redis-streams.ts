import { Redis } from 'ioredis';
import { type Sink, SinkRefused, publishTimeoutMs } from '../sink.ts';

export type RedisStreamsSettings = {
  readonly name: string;
  readonly url: string;
  readonly stream: string;
  /** Redis lives in memory: the stream keeps about this many entries. */
  readonly lengthMax: number;
};

/**
 * One stream; an entry has the fields `id`, `key`, `type` and `body`. A batch is one MULTI, so that it is appended whole
 * or not at all: with single XADDs a refusal in the middle would let later events of a key overtake.
 */
export function redisStreamsSink({ name, url, stream, lengthMax }: RedisStreamsSettings): Sink {
  const redis = new Redis(url, {
    lazyConnect: true,
    // The relay has its own patience; a queue here would answer for batches that it has given up.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 5_000,
    commandTimeout: publishTimeoutMs,
    retryStrategy: (times) => Math.min(100 * times, 2_000),
  });
  // Every failure comes out of the command that met it.
  redis.on('error', () => undefined);

  return {
    name,
    batchMax: 500,
    publish: async (batch) => {
      if (redis.status === 'wait') await redis.connect();
      const transaction = redis.multi();
      for (const { event, body } of batch) {
        const fields = ['id', event.id, 'key', event.aggregate.id, 'type', event.type, 'body', body];
        transaction.xadd(stream, 'MAXLEN', '~', lengthMax, '*', ...fields);
      }
      const replies = await transaction.exec().catch((error: unknown) => {
        throw refusedOr(error);
      });
      const failed = replies?.find(([error]) => error !== null)?.[0];
      if (replies === null || failed) throw refusedOr(failed ?? new Error('the transaction was aborted'));
    },
    close: async () => {
      redis.disconnect();
      await Promise.resolve();
    },
  };
}

/** Out of memory, read-only and loading pass; a wrong type or a broken limit does not. */
function refusedOr(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const refused = /^(WRONGTYPE|ERR (Protocol|string|value))/.test(error.message);
  return refused ? new SinkRefused(error.message, { cause: error }) : error;
}
