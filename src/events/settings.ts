import { z } from 'zod';
import type { KafkaSettings } from './kafka/kafka.ts';
import type { RedisStreamsSettings } from './redis-streams/redis-streams.ts';
import type { SnsSqsSettings } from './sns-sqs/sns-sqs.ts';

/** Where events go beside /v1/events and webhooks, which need nothing. */
export type EventSettings = {
  /** Off: this process serves requests and leaves relaying to others. */
  readonly relay: boolean;
  readonly kafka: KafkaSettings | null;
  readonly redisStreams: RedisStreamsSettings | null;
  readonly snsSqs: readonly SnsSqsSettings[];
  readonly webhooksToLoopback: boolean;
  /** Null: months are kept in the database for ever. */
  readonly archive: { readonly dir: string; readonly liveMonths: number } | null;
};

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const wholeNumber = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'is not a whole number')
  .transform(Number);

/** The variables, for src/config.ts to read together with its own. */
export const eventVariables = {
  EVENTS_RELAY: flag.default(true),
  EVENTS_KAFKA_BROKERS: z
    .string()
    .regex(/^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$/, 'is not a list of host:port')
    .transform((text) => text.split(','))
    .optional(),
  EVENTS_KAFKA_TOPIC: z.string().default('tillgate-events'),
  EVENTS_KAFKA_TLS: flag.default(false),
  EVENTS_KAFKA_CA: z
    .string()
    .startsWith('-----BEGIN CERTIFICATE-----', 'is not a PEM certificate')
    .optional(),
  EVENTS_KAFKA_SASL: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']).optional(),
  EVENTS_KAFKA_USERNAME: z.string().default(''),
  EVENTS_KAFKA_PASSWORD: z.string().default(''),
  EVENTS_REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'is not a redis:// URL')
    .optional(),
  EVENTS_REDIS_STREAM: z.string().default('tillgate:events'),
  EVENTS_REDIS_LENGTH_MAX: wholeNumber.default(1_000_000),
  EVENTS_SNS_TOPIC_ARN: z
    .string()
    .regex(/^arn:.*\.fifo$/, 'is not the ARN of a FIFO topic')
    .optional(),
  EVENTS_SQS_QUEUE_URL: z
    .string()
    .regex(/^https?:.*\.fifo$/, 'is not the URL of a FIFO queue')
    .optional(),
  EVENTS_AWS_REGION: z.string().default('eu-central-1'),
  EVENTS_AWS_ENDPOINT: z.url('is not a URL').optional(),
  EVENTS_WEBHOOKS_TO_LOOPBACK: flag.default(false),
  EVENTS_ARCHIVE_DIR: z.string().optional(),
  EVENTS_LIVE_MONTHS: wholeNumber.default(3),
};

type Variables = z.output<z.ZodObject<typeof eventVariables>>;

export function eventSettings(set: Variables): EventSettings {
  const aws = { region: set.EVENTS_AWS_REGION, endpoint: set.EVENTS_AWS_ENDPOINT ?? null };
  const { EVENTS_SNS_TOPIC_ARN: topicArn, EVENTS_SQS_QUEUE_URL: queueUrl } = set;
  return {
    relay: set.EVENTS_RELAY,
    kafka: kafkaOf(set),
    redisStreams:
      set.EVENTS_REDIS_URL === undefined
        ? null
        : {
            name: 'redis-streams',
            url: set.EVENTS_REDIS_URL,
            stream: set.EVENTS_REDIS_STREAM,
            lengthMax: set.EVENTS_REDIS_LENGTH_MAX,
          },
    snsSqs: [
      ...(topicArn === undefined ? [] : [{ name: 'sns', ...aws, target: { topicArn } }]),
      ...(queueUrl === undefined ? [] : [{ name: 'sqs', ...aws, target: { queueUrl } }]),
    ],
    webhooksToLoopback: set.EVENTS_WEBHOOKS_TO_LOOPBACK,
    archive:
      set.EVENTS_ARCHIVE_DIR === undefined
        ? null
        : { dir: set.EVENTS_ARCHIVE_DIR, liveMonths: set.EVENTS_LIVE_MONTHS },
  };
}

function kafkaOf(set: Variables): KafkaSettings | null {
  if (set.EVENTS_KAFKA_BROKERS === undefined) return null;
  const { EVENTS_KAFKA_SASL: mechanism } = set;
  return {
    name: 'kafka',
    brokers: set.EVENTS_KAFKA_BROKERS,
    topic: set.EVENTS_KAFKA_TOPIC,
    tls: set.EVENTS_KAFKA_TLS ? { ca: set.EVENTS_KAFKA_CA ?? null } : null,
    sasl:
      mechanism === undefined
        ? null
        : { mechanism, username: set.EVENTS_KAFKA_USERNAME, password: set.EVENTS_KAFKA_PASSWORD },
  };
}
