import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message as SqsMessage,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { Admin, Consumer, stringDeserializers } from '@platformatic/kafka';
import { Redis } from 'ioredis';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { kafkaSink } from '../../src/events/kafka/kafka.ts';
import { redisStreamsSink } from '../../src/events/redis-streams/redis-streams.ts';
import type { Sink } from '../../src/events/sink.ts';
import { snsSqsSink } from '../../src/events/sns-sqs/sns-sqs.ts';
import { webhookCalls } from '../../src/events/webhooks/calls.ts';
import { webhooksSink } from '../../src/events/webhooks/webhooks.ts';
import { makeLog } from '../../src/observe/log.ts';
import { startWebhookRelay } from '../../src/workers/relay-webhooks.ts';
import { type Outbox, newId } from './outbox.ts';

/** A sink of one kind with a real far end, and what arrived there. */
export type Rig = {
  readonly sink: Sink;
  readonly arrived: readonly Arrival[];
  /** The same kind of sink whose far end is not there. */
  readonly away: Sink | null;
  readonly close: () => Promise<void>;
};

/** An envelope as text, when it came (`performance.now()`), and the header of the trace where there are headers. */
export type Arrival = {
  readonly body: string;
  readonly at: number;
  readonly traceparent?: string | undefined;
};

export type OpenRig = (outbox: Outbox) => Promise<Rig>;

/** A port on which nothing listens. */
const nowhere = '127.0.0.1:9';

export const redisRig =
  (url: string): OpenRig =>
  async () => {
    const stream = newId('str');
    const settings = { name: 'redis-streams', stream, lengthMax: 1_000_000 };
    const sink = redisStreamsSink({ ...settings, url });
    const away = redisStreamsSink({ ...settings, url: `redis://${nowhere}` });
    const reader = new Redis(url);
    const arrived: Arrival[] = [];
    const reading = (async () => {
      for (let last = '0'; reader.status !== 'end';) {
        const found = await reader
          .xread('COUNT', 1_000, 'BLOCK', 500, 'STREAMS', stream, last)
          .catch(() => null);
        for (const [entry, fields] of found?.[0]?.[1] ?? []) {
          arrived.push({ body: fields[7] ?? '', at: performance.now() });
          last = entry;
        }
      }
    })();
    return Promise.resolve({
      sink,
      away,
      arrived,
      close: async () => {
        reader.disconnect();
        await reading;
        await sink.close();
        await away.close();
      },
    });
  };

export const kafkaRig =
  (broker: string): OpenRig =>
  async () => {
    const topic = newId('top');
    const bootstrapBrokers = [broker];
    const admin = new Admin({ clientId: 'test', bootstrapBrokers });
    await admin.createTopics({ topics: [topic], partitions: 6, replicas: 1 });
    await admin.close();
    const settings = { name: 'kafka', topic, tls: false, sasl: null };
    const sink = kafkaSink({ ...settings, brokers: [broker] });
    const away = kafkaSink({ ...settings, brokers: [nowhere] });
    const consumer = new Consumer({
      clientId: 'test',
      groupId: newId('grp'),
      bootstrapBrokers,
      deserializers: stringDeserializers,
    });
    const stream = await consumer.consume({
      topics: [topic],
      mode: 'earliest',
      autocommit: false,
      maxWaitTime: 50,
    });
    const arrived: Arrival[] = [];
    stream.on('data', ({ value, headers }) => {
      arrived.push({ body: value, at: performance.now(), traceparent: headers.get('traceparent') });
    });
    return {
      sink,
      away,
      arrived,
      close: async () => {
        await stream.close();
        await consumer.close();
        await sink.close();
        await away.close();
      },
    };
  };

/** The stand-in takes any key. */
process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';
const region = 'eu-central-1';

/** SNS has no way to read: a queue is subscribed to the topic. */
export const snsSqsRig =
  (endpoint: string, by: 'sns' | 'sqs'): OpenRig =>
  async () => {
    const sqs = new SQSClient({ region, endpoint });
    const queueUrl = await makeQueue(sqs);
    const target = by === 'sqs' ? { queueUrl } : { topicArn: await makeTopic(sqs, endpoint, queueUrl) };
    const sink = snsSqsSink({ name: by, region, endpoint, target });
    const away = snsSqsSink({ name: by, region, endpoint: `http://${nowhere}`, target });
    const arrived: Arrival[] = [];
    const closing = new AbortController();
    const reading = (async () => {
      while (!closing.signal.aborted) arrived.push(...(await take(sqs, queueUrl)));
    })();
    return {
      sink,
      away,
      arrived,
      close: async () => {
        closing.abort();
        await reading;
        sqs.destroy();
        await sink.close();
        await away.close();
      },
    };
  };

async function makeQueue(sqs: SQSClient): Promise<string> {
  const made = await sqs.send(
    new CreateQueueCommand({ QueueName: `${newId('q')}.fifo`, Attributes: { FifoQueue: 'true' } }),
  );
  return made.QueueUrl ?? '';
}

async function makeTopic(sqs: SQSClient, endpoint: string, queueUrl: string): Promise<string> {
  const sns = new SNSClient({ region, endpoint });
  const topic = await sns.send(
    new CreateTopicCommand({ Name: `${newId('top')}.fifo`, Attributes: { FifoTopic: 'true' } }),
  );
  const queue = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
  );
  await sns.send(
    new SubscribeCommand({
      TopicArn: topic.TopicArn,
      Protocol: 'sqs',
      Endpoint: queue.Attributes?.['QueueArn'],
      Attributes: { RawMessageDelivery: 'true' },
    }),
  );
  sns.destroy();
  return topic.TopicArn ?? '';
}

async function take(sqs: SQSClient, queueUrl: string): Promise<Arrival[]> {
  const { Messages: messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
  );
  if (messages.length > 0) {
    const entries = messages.map(({ MessageId: Id, ReceiptHandle }: SqsMessage) => ({ Id, ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
  }
  return messages.map(({ Body }) => ({ body: Body ?? '', at: performance.now() }));
}

export const installationSecret = 'an installation secret of 32 chars';

/** Our worker calls a local server, which takes only what the independent library verifies. */
export const webhooksRig: OpenRig = (outbox) => openWebhooks(outbox, 1);

/** So many endpoints that all want everything. */
export async function openWebhooks({ store, merchantId }: Outbox, endpoints: number): Promise<Rig> {
  const calls = webhookCalls({ installationSecret, allowed: { loopback: true }, timeoutMs: 5_000 });
  const verifiers = new Map<string, Webhook>();
  const arrived: Arrival[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      verifiers.get(request.url ?? '')?.verify(body, request.headers as Record<string, string>);
      const { traceparent } = request.headers as Record<string, string>;
      arrived.push({ body, at: performance.now(), traceparent });
      response.end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  for (let nth = 0; nth < endpoints; nth += 1) {
    const id = newId('whe');
    verifiers.set(`/${id}`, new Webhook(calls.secretOf(id, 1)));
    await store.webhooks.create({
      id,
      merchantId,
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${id}`,
      types: [],
      description: '',
      secretNumber: 1,
      oldSecretUntil: null,
      createdAt: Date.now(),
      state: 'enabled',
    });
  }
  const worker = startWebhookRelay(
    { store, clock: Date.now, newId, calls, random: () => 0 },
    makeLog({ level: 'error' }),
  );
  return {
    sink: webhooksSink((events) => store.webhooks.enqueue(events)),
    // Its far end is the database, without which there is nothing to relay.
    away: null,
    arrived,
    close: async () => {
      await worker.stop();
      await calls.close();
      server.closeAllConnections();
      server.close();
    },
  };
}
