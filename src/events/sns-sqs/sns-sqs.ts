import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { SQSClient, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { type Message, type Sink, SinkRefused, publishTimeoutMs } from '../sink.ts';
import { waves } from './waves.ts';

/** Credentials come from the environment in the SDK's own way: keys, a profile, the role of the machine. */
export type SnsSqsSettings = {
  readonly name: string;
  readonly region: string;
  /** Another than Amazon's. */
  readonly endpoint: string | null;
  /** The ARN of a FIFO topic, or the URL of a FIFO queue. */
  readonly target: { readonly topicArn: string } | { readonly queueUrl: string };
};

type Entry = { Id: string; MessageGroupId: string; MessageDeduplicationId: string };
type Failure = { Code?: string | undefined; SenderFault?: boolean | undefined };
type Sender = {
  readonly send: (batch: readonly Message[], signal: AbortSignal) => Promise<readonly Failure[]>;
  readonly destroy: () => void;
};

/**
 * A FIFO topic or queue; the group is the aggregate, the deduplication id the event's. Ten messages travel in a request
 * and may fail one by one, so no request holds two of a group, and the second of a group leaves when the first is there.
 */
export function snsSqsSink({ name, region, endpoint, target }: SnsSqsSettings): Sink {
  // The relay repeats; a second patience here would outlast its lease.
  const settings = { region, maxAttempts: 1, ...(endpoint === null ? {} : { endpoint }) };
  const client =
    'topicArn' in target
      ? snsSender(new SNSClient(settings), target.topicArn)
      : sqsSender(new SQSClient(settings), target.queueUrl);
  return {
    name,
    batchMax: 500,
    publish: async (batch) => {
      const signal = AbortSignal.timeout(publishTimeoutMs);
      for (const wave of waves(batch, requestBytesMax)) {
        const failures = await inParallel(wave, (ten) => client.send(ten, signal));
        const failed = failures.find((each) => each.SenderFault === true) ?? failures[0];
        if (failed === undefined) continue;
        throw failed.SenderFault === true
          ? refusal(failed.Code)
          : new Error(`not taken: ${failed.Code ?? 'no code'}`);
      }
    },
    close: () => {
      client.destroy();
      return Promise.resolve();
    },
  };
}

/** A request's ten messages may have 256 KiB together; the rest is room for attributes and escaping. */
const requestBytesMax = 240_000;

/** Each SDK client keeps 50 sockets; more requests than these only wait in it. */
const parallelMax = 16;

async function inParallel(
  tens: readonly (readonly Message[])[],
  send: (ten: readonly Message[]) => Promise<readonly Failure[]>,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (let at = 0; at < tens.length; at += parallelMax) {
    // All of them end before the first failure is told: nothing of this batch is under way when it comes again.
    const answers = await Promise.allSettled(tens.slice(at, at + parallelMax).map(send));
    for (const answer of answers) {
      if (answer.status === 'rejected') throw asRefusal(answer.reason);
      failures.push(...answer.value);
    }
  }
  return failures;
}

function snsSender(sns: SNSClient, topicArn: string): Sender {
  return {
    destroy: () => sns.destroy(),
    send: async (ten, signal) => {
      const entries = ten.map((message) => ({
        ...entry(message),
        Message: acceptable(message.body),
        MessageAttributes: { type: { DataType: 'String', StringValue: message.event.type } },
      }));
      const command = new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries: entries });
      return (await sns.send(command, { abortSignal: signal })).Failed ?? [];
    },
  };
}

function sqsSender(sqs: SQSClient, queueUrl: string): Sender {
  return {
    destroy: () => sqs.destroy(),
    send: async (ten, signal) => {
      const entries = ten.map((message) => ({
        ...entry(message),
        MessageBody: acceptable(message.body),
        MessageAttributes: { type: { DataType: 'String', StringValue: message.event.type } },
      }));
      const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries });
      return (await sqs.send(command, { abortSignal: signal })).Failed ?? [];
    },
  };
}

/** The services refuse some characters that JSON may hold as they are; escaped, they are the same JSON. */
function acceptable(body: string): string {
  return body.replace(
    /[\uD800-\uDFFF\uFFFE\uFFFF]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function entry({ event }: Message): Entry {
  return { Id: event.id, MessageGroupId: event.aggregate.id, MessageDeduplicationId: event.id };
}

function refusal(code: string | undefined): SinkRefused {
  return new SinkRefused(`the message is refused: ${code ?? 'no code'}`);
}

const refusals = /TooLong|InvalidMessageContents|InvalidParameter|BatchRequestTooLong|UnsupportedOperation/;

/** A whole request that is refused for what it holds. */
function asRefusal(error: unknown): unknown {
  return error instanceof Error && refusals.test(error.name)
    ? new SinkRefused(error.name, { cause: error })
    : error;
}
