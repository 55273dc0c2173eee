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
  /** Envelopes as texts, in the order they arrived. */
  readonly received: () => Promise<readonly string[]>;
  /** The same kind of sink whose far end is not there. */
  readonly away: Sink | null;
  readonly close: () => Promise<void>;
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
    return Promise.resolve({
      sink,
      away,
      received: async () => (await reader.xrange(stream, '-', '+')).map(([, fields]) => fields[7] ?? ''),
      close: async () => {
        await reader.del(stream);
        reader.disconnect();
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
    const arrived: string[] = [];
    stream.on('data', ({ value }) => void arrived.push(value));
    return {
      sink,
      away,
      received: () => Promise.resolve([...arrived]),
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
    const arrived: string[] = [];
    return {
      sink,
      away,
      received: async () => {
        for (;;) {
          const messages = await take(sqs, queueUrl);
          if (messages.length === 0) return arrived;
          arrived.push(...messages);
        }
      },
      close: async () => {
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

async function take(sqs: SQSClient, queueUrl: string): Promise<string[]> {
  const { Messages: messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
  );
  if (messages.length > 0) {
    const entries = messages.map(({ MessageId: Id, ReceiptHandle }: SqsMessage) => ({ Id, ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
  }
  return messages.map(({ Body }) => Body ?? '');
}

export const installationSecret = 'an installation secret of 32 chars';

/** Our worker calls a local server, which takes only what the independent library verifies. */
export const webhooksRig: OpenRig = async ({ store, merchantId }) => {
  const calls = webhookCalls({ installationSecret, allowed: { loopback: true }, timeoutMs: 5_000 });
  const endpointId = newId('whe');
  const verifier = new Webhook(calls.secretOf(endpointId, 1));
  const arrived: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      verifier.verify(body, request.headers as Record<string, string>);
      arrived.push(body);
      response.end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  await store.webhooks.create({
    id: endpointId,
    merchantId,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    types: [],
    description: '',
    secretNumber: 1,
    oldSecretUntil: null,
    createdAt: Date.now(),
    state: 'enabled',
  });
  const deps = { store, clock: Date.now, newId, calls, random: () => 0 };
  const worker = startWebhookRelay(deps, makeLog({ level: 'error' }));
  return {
    sink: webhooksSink((events) => store.webhooks.enqueue(events)),
    // Its far end is the database, without which there is nothing to relay.
    away: null,
    received: () => Promise.resolve([...arrived]),
    close: async () => {
      await worker.stop();
      await calls.close();
      server.closeAllConnections();
      server.close();
    },
  };
};
