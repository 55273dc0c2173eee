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
import type { Environment } from '../../src/config.ts';
import { webhookSecrets } from '../../src/events/webhooks/signature.ts';
import { type Outbox, newId } from './outbox.ts';

/** Where events arrive: a real server, and what it got. */
export type FarEnd = {
  /** The configuration that leads here. */
  readonly variables: Environment;
  readonly arrived: readonly Arrival[];
  readonly close: () => Promise<void>;
};

/** An envelope as text, when it came (`performance.now()`), and the header of the trace where there are headers. */
export type Arrival = {
  readonly body: string;
  readonly at: number;
  readonly traceparent?: string | undefined;
};

export type OpenFarEnd = (outbox: Outbox) => Promise<FarEnd>;

export const redisEnd =
  (url: string): OpenFarEnd =>
  () => {
    const stream = newId('str');
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
      variables: { EVENTS_REDIS_URL: url, EVENTS_REDIS_STREAM: stream },
      arrived,
      close: async () => {
        reader.disconnect();
        await reading;
      },
    });
  };

export const kafkaEnd =
  (broker: string): OpenFarEnd =>
  async () => {
    const topic = newId('top');
    const bootstrapBrokers = [broker];
    const admin = new Admin({ clientId: 'test', bootstrapBrokers });
    await admin.createTopics({ topics: [topic], partitions: 6, replicas: 1 });
    await admin.close();
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
      variables: { EVENTS_KAFKA_BROKERS: broker, EVENTS_KAFKA_TOPIC: topic },
      arrived,
      close: async () => {
        await stream.close();
        await consumer.close();
      },
    };
  };

/** The stand-in takes any key. */
process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';
const region = 'eu-central-1';

/** SNS has no way to read: a queue is subscribed to the topic. */
export const snsSqsEnd =
  (endpoint: string, by: 'sns' | 'sqs'): OpenFarEnd =>
  async () => {
    const sqs = new SQSClient({ region, endpoint });
    const queueUrl = await makeQueue(sqs);
    const target =
      by === 'sqs'
        ? { EVENTS_SQS_QUEUE_URL: queueUrl }
        : { EVENTS_SNS_TOPIC_ARN: await makeTopic(sqs, endpoint, queueUrl) };
    const arrived: Arrival[] = [];
    const closing = new AbortController();
    const reading = (async () => {
      while (!closing.signal.aborted) arrived.push(...(await take(sqs, queueUrl)));
    })();
    return {
      variables: { EVENTS_AWS_REGION: region, EVENTS_AWS_ENDPOINT: endpoint, ...target },
      arrived,
      close: async () => {
        closing.abort();
        await reading;
        sqs.destroy();
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

/** So many endpoints at a local server that all want everything, and take only what the independent library verifies. */
export const webhooksEnd =
  (endpoints: number): OpenFarEnd =>
  async ({ store, merchantId }) => {
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
      verifiers.set(`/${id}`, new Webhook(webhookSecrets(installationSecret)(id, 1)));
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
    return {
      variables: { EVENTS_WEBHOOKS_TO_LOOPBACK: 'true' },
      arrived,
      close: () => {
        server.closeAllConnections();
        server.close();
        return Promise.resolve();
      },
    };
  };
