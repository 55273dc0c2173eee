import { Redis } from 'ioredis';

/** A connection that fails at once while Redis is away: whoever asks decides locally then, and a buyer is waiting. */
export function openRedis(url: string, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    retryStrategy: (times) => Math.min(times * 100, 2_000),
    // This was the primary, and is a replica now: the address leads to another.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  });
  redis.on('error', onError);
  return redis;
}
