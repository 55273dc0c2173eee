import { type ConnectionOptions, Producer, stringSerializers } from '@platformatic/kafka';
import type { Event } from '../../domain/events/event.ts';
import { type Sink, SinkRefused, publishTimeoutMs } from '../sink.ts';

export type KafkaSettings = {
  readonly name: string;
  /** `host:port` of some brokers; the rest is found through them. */
  readonly brokers: readonly string[];
  readonly topic: string;
  /** `ca`: PEM of the authorities to trust instead of the system's. */
  readonly tls: { readonly ca: string | null } | null;
  readonly sasl: KafkaSasl | null;
};

export type KafkaSasl = {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
};

type StringProducer = Producer<string, string, string, string>;

/**
 * One topic, keyed by the aggregate, so that a key's events are in one partition and in order; the broker appends a
 * partition's part of a batch whole. Answers only count when all in-sync replicas have it.
 */
export function kafkaSink({ name, brokers, topic, tls, sasl }: KafkaSettings): Sink {
  let producer: StringProducer | null = null;

  const open = (): StringProducer => {
    const connection: ConnectionOptions = {
      connectTimeout: 5_000,
      ...(tls === null ? {} : { tls: tls.ca === null ? {} : { ca: tls.ca } }),
      ...(sasl === null ? {} : { sasl }),
    };
    return new Producer({
      ...connection,
      clientId: 'tillgate',
      bootstrapBrokers: [...brokers],
      serializers: stringSerializers,
      idempotent: true,
      timeout: publishTimeoutMs,
      // The relay repeats; a second patience here would outlast its lease.
      retries: 0,
      strict: false,
    });
  };

  return {
    name,
    batchMax: 500,
    publish: async (batch) => {
      producer ??= open();
      try {
        await within(
          publishTimeoutMs,
          producer.send({
            messages: batch.map(({ event, body }) => ({
              topic,
              key: event.aggregate.id,
              value: body,
              headers: headersOf(event),
            })),
          }),
        );
      } catch (error) {
        // Nobody knows what the broker has of this batch, so the sequence numbers of this producer are worth nothing.
        const broken = producer;
        producer = null;
        broken.close().catch(() => undefined);
        throw isRefusal(error) ? new SinkRefused('the broker refuses the record', { cause: error }) : error;
      }
    },
    close: async () => {
      await producer?.close().catch(() => undefined);
    },
  };
}

/** What a consumer wants to know without reading the body; `traceparent` where tracing agents look for it. */
function headersOf({ id, type, traceparent }: Event): Record<string, string> {
  const traced = traceparent === undefined ? {} : { traceparent };
  return { 'content-type': 'application/cloudevents+json', id, type, ...traced };
}

const refusals = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'CORRUPT_MESSAGE'];

/** The client wraps what each broker said about each partition, some levels deep. */
function isRefusal(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isRefusal);
  return error instanceof Error && 'apiId' in error && refusals.includes(String(error.apiId));
}

/** The client's own timeouts start anew with every request it makes for one send. */
async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Kafka did not answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
