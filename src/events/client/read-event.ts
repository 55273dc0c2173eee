import { CloudEvent } from 'cloudevents';
import { Webhook } from 'standardwebhooks';

/** An event as consumers handle it; `data` has the shape of docs/events for its type. */
export type ReceivedEvent = {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  /** 1, 2, 3 … within the subject. */
  readonly sequence: number;
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
};

/** Reads an envelope; throws when it is not a CloudEvent of ours. */
export function readEvent(body: string): ReceivedEvent {
  const read = new CloudEvent<Record<string, unknown>>(JSON.parse(body) as object, true);
  const { id, source, type, subject, time, data } = read;
  const sequence = Number(read['sequence']);
  if (subject === undefined || time === undefined || data === undefined || !(sequence >= 1))
    throw new TypeError(`event ${id} has no subject, time, data or sequence`);
  return { id, source, type, subject, sequence, time, data };
}

/** Verifies the signature of a webhook over its raw body, by one of the secrets, and reads it; throws when none fits. */
export function readWebhook(
  body: string,
  headers: Readonly<Record<string, string>>,
  secrets: readonly string[],
): ReceivedEvent {
  const failures: unknown[] = [];
  for (const secret of secrets) {
    try {
      new Webhook(secret).verify(body, { ...headers });
      return readEvent(body);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, 'no secret verifies the webhook');
}
