/** What every sink promises (src/events/sink.ts), held against the real far end of each. */
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { showFigure } from '../harness/figure.ts';
import { CloudEvent } from 'cloudevents';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { startKafka } from '../../scripts/services/kafka.ts';
import { startSnsSqs } from '../../scripts/services/sns-sqs.ts';
import type { Environment } from '../../src/config.ts';
import { toEnvelope } from '../../src/domain/events/envelope.ts';
import type { Event } from '../../src/domain/events/event.ts';
import { eventSinks } from '../../src/event-sinks.ts';
import { eventSettings, eventVariables } from '../../src/events/settings.ts';
import { type Sink, SinkRefused } from '../../src/events/sink.ts';
import { webhookCalls } from '../../src/events/webhooks/calls.ts';
import { relayEvents } from '../../src/flows/relay-events.ts';
import { makeLog } from '../../src/observe/log.ts';
import { type WebhookRelay, startWebhookRelay } from '../../src/workers/relay-webhooks.ts';
import { redisUrl } from '../harness/redis.ts';
import { type Outbox, freshOutbox, judge, manyEvents, newId, orderEvent } from './outbox.ts';
import {
  type Arrival,
  type FarEnd,
  type OpenFarEnd,
  installationSecret,
  kafkaEnd,
  redisEnd,
  snsSqsEnd,
  webhooksEnd,
} from './far-ends.ts';

const kafka = await startKafka();
const snsSqs = await startSnsSqs();

type Contestant =
  { readonly name: string; readonly open: OpenFarEnd } | { readonly name: string; readonly absent: string };

const contestants: readonly Contestant[] = [
  { name: 'Kafka', ...('url' in kafka ? { open: kafkaEnd(kafka.url) } : kafka) },
  { name: 'SNS', open: snsSqsEnd(snsSqs.url, 'sns') },
  { name: 'SQS', open: snsSqsEnd(snsSqs.url, 'sqs') },
  {
    name: 'Redis Streams',
    ...(redisUrl === null
      ? { absent: process.env['TILLGATE_TEST_REDIS_ABSENT'] ?? 'no Redis' }
      : { open: redisEnd(redisUrl) }),
  },
  { name: 'webhooks', open: webhooksEnd(1) },
];

const table = new Map<string, Map<string, string>>();
const note = (sink: string, what: string, result: string): void => {
  const row = table.get(what) ?? new Map<string, string>();
  table.set(what, row.set(sink, result));
};

afterAll(async () => {
  const names = contestants.map(({ name }) => name);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rows = [...table].map(([what, row]) =>
    line([what, ...names.map((name) => row.get(name) ?? 'skipped')]),
  );
  showFigure([line(['case', ...names]), line(names.concat('').map(() => '---')), ...rows].join('\n'));
  if ('stop' in kafka) await kafka.stop();
  await snsSqs.stop();
});

for (const contestant of contestants) {
  if ('open' in contestant) describe(contestant.name, () => suite(contestant.name, contestant.open));
  else
    describe.skip(`${contestant.name} (${contestant.absent})`, () => suite(contestant.name, webhooksEnd(1)));
}

describe('Kafka with TLS and SASL', () => {
  const secure = 'url' in kafka ? kafka.secure : null;
  const [run, why] = secure === null ? [test.skip, ' (no broker of our own)'] : [test, ''];
  const event = () => orderEvent(newId('mer'), newId('ord'), 1);
  const publish = async (changed: Environment) => {
    const sink = await sinkTo(
      {
        EVENTS_KAFKA_BROKERS: secure?.url,
        EVENTS_KAFKA_TLS: 'true',
        EVENTS_KAFKA_CA: secure?.ca,
        EVENTS_KAFKA_SASL: 'PLAIN',
        EVENTS_KAFKA_USERNAME: secure?.username,
        EVENTS_KAFKA_PASSWORD: secure?.password,
        ...changed,
      },
      () => Promise.resolve(),
    );
    const sent = event();
    try {
      await sink.publish([{ event: sent, body: JSON.stringify(toEnvelope(sent)) }]);
    } finally {
      await sink.close();
    }
  };

  run.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
    `takes events of whoever signs in by %s${why}`,
    async (mechanism) => {
      const outbox = await freshOutbox();
      const end = await kafkaEnd('url' in kafka ? kafka.url : '')(outbox);
      await publish({
        EVENTS_KAFKA_TOPIC: end.variables['EVENTS_KAFKA_TOPIC'],
        EVENTS_KAFKA_SASL: mechanism,
      });
      for (let tries = 0; tries < 200 && end.arrived.length === 0; tries += 1) await sleep(50);
      expect(end.arrived).toHaveLength(1);
      await end.close();
      await outbox.drop();
    },
  );

  run.each([
    ['another password', { EVENTS_KAFKA_PASSWORD: 'wrong' }],
    ['no trust in its certificate', { EVENTS_KAFKA_CA: undefined }],
    ['no sign-in', { EVENTS_KAFKA_SASL: undefined }],
    ['no TLS', { EVENTS_KAFKA_TLS: 'false' }],
  ])(`takes nothing with %s, and refuses no event for it${why}`, async (_what, changed: Environment) => {
    const failure: unknown = await publish(changed).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(SinkRefused);
  });
});

function suite(name: string, open: OpenFarEnd): void {
  let outbox: Outbox;
  let end: FarEnd;
  let sink: Sink;
  let stop: () => Promise<void>;
  beforeEach(async () => {
    outbox = await freshOutbox();
    end = await open(outbox);
    const webhooks = startCalls(outbox);
    sink = await sinkTo(end.variables, webhooks.enqueue);
    stop = async () => {
      await sink.close();
      await webhooks.stop();
    };
  });
  afterEach(async () => {
    await stop();
    await end.close();
    await outbox.drop();
  });

  /** A case of the suite and of the table. */
  const holds = (what: string, proof: () => Promise<string>): void => {
    test(what, async () => {
      note(name, what, 'FAILED');
      note(name, what, await proof());
    });
  };

  const relayTo = (to: Sink) =>
    relayEvents({ store: outbox.store, failpoint: () => undefined }, to, {
      holder: newId('rel'),
      leaseMs: 15_000,
      triesMax: 3,
      monotonic: () => performance.now(),
    });

  /** Relays until so many different events arrived from these orders. */
  const relayUntil = async (round: () => Promise<number>, events: readonly Event[]) => {
    const wanted = new Set<string>(events.map(({ id }) => id));
    const until = Date.now() + 20_000;
    while (Date.now() < until) {
      await sleep(20);
      await round();
      const arrived = end.arrived.map(fromWire).filter(({ id }) => wanted.has(id));
      if (new Set(arrived.map(({ id }) => id)).size === wanted.size) return arrived;
    }
    throw new Error('not everything arrived');
  };

  holds('everything arrives, each order in order, as a CloudEvent', async () => {
    const events = manyEvents(outbox.merchantId, 20, 10);
    await outbox.store.events.append(events);
    const arrived = await relayUntil(relayTo(sink).round, events);
    expect(judge(arrived)).toEqual({ distinct: 200, copies: 0, outOfOrder: 0 });
    return `${arrived.length} of 200`;
  });

  holds('what is sent arrives, whatever characters it has', async () => {
    const odd = 'naïve 漢字 🎉 \uFFFF "quoted" \\u0000 <&>';
    const event = orderEvent(outbox.merchantId, newId('ord'), 1, odd);
    await outbox.store.events.append([event]);
    await relayUntil(relayTo(sink).round, [event]);
    const [stored] = await outbox.store.events.list(outbox.merchantId, null, 1);
    const received = end.arrived.map(({ body }) => JSON.parse(body) as unknown);
    expect(received).toEqual([toEnvelope(stored?.event ?? event)]);
    expect(received).toMatchObject([{ data: { note: odd } }]);
    return 'same';
  });

  holds('the trace goes along, in a header where there are headers', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const event = { ...orderEvent(outbox.merchantId, newId('ord'), 1), traceparent };
    await outbox.store.events.append([event]);
    await relayUntil(relayTo(sink).round, [event]);
    const [arrival] = end.arrived;
    expect(JSON.parse(arrival?.body ?? '')).toMatchObject({ traceparent });
    if (name !== 'Kafka' && name !== 'webhooks') return 'envelope';
    expect(arrival?.traceparent).toBe(traceparent);
    return 'header';
  });

  holds('a batch that comes again adds copies with equal ids at most [F7.2]', async () => {
    const events = manyEvents(outbox.merchantId, 5, 4);
    await outbox.store.events.append(events);
    const relay = relayTo(twice(sink));
    const { copies, ...rest } = judge(await relayUntil(relay.round, events));
    expect(rest).toEqual({ distinct: 20, outOfOrder: 0 });
    return `${copies} copies`;
  });

  holds('a sink that is away fails without refusing, and gets its backlog when it is back', async () => {
    const { variables } = end;
    const nowhere = Object.entries(variables).map(([variable, value]) => [
      variable,
      value?.replace(farPort, ':9'),
    ]);
    // The far end of webhooks is the database, without which there is nothing to relay.
    if (name === 'webhooks') return 'n/a';
    const away = await sinkTo(Object.fromEntries(nowhere) as Environment, () => Promise.resolve());
    const events = manyEvents(outbox.merchantId, 10, 5);
    await outbox.store.events.append(events);
    const broken = relayTo(away);
    const failure: unknown = await broken.round().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(SinkRefused);
    await broken.release();
    await away.close();
    const arrived = await relayUntil(relayTo(sink).round, events);
    expect(judge(arrived)).toMatchObject({ distinct: 50, outOfOrder: 0 });
    return '50 of 50';
  });

  holds(
    'an event that is refused is set aside with what follows in its order, and can be replayed [F7.3]',
    async () => {
      const events = manyEvents(outbox.merchantId, 6, 5);
      const [poison] = events;
      if (poison === undefined) throw new Error('there are events');
      await outbox.store.events.append(events);
      const others = events.filter((each) => each.aggregate.id !== poison.aggregate.id);
      let refuses = true;
      const relay = relayTo(refusing(sink, () => refuses, poison.id));
      expect(judge(await relayUntil(relay.round, others))).toMatchObject({ distinct: 25, outOfOrder: 0 });
      const aside = () => outbox.store.relay.listSetAside(100);
      while ((await relay.round()) > 0);
      expect(new Set((await aside()).map(({ key }) => key))).toEqual(new Set([poison.aggregate.id]));
      expect(await aside()).toHaveLength(5);
      expect(end.arrived.map(fromWire).some(({ subject }) => subject === poison.aggregate.id)).toBe(false);

      refuses = false;
      expect(await outbox.store.relay.replay(sink.name, null)).toBe(5);
      const replayed = await relayUntil(
        relay.round,
        events.filter((each) => each.aggregate.id === poison.aggregate.id),
      );
      expect(judge(replayed)).toMatchObject({ distinct: 5, outOfOrder: 0 });
      expect(await aside()).toEqual([]);
      return '5 aside, 5 replayed';
    },
  );

  holds('a message that is too large for the far end is refused, not lost', async () => {
    if (!(name in tooLarge)) return 'no limit';
    const large = orderEvent(outbox.merchantId, newId('ord'), 1, 'x'.repeat(tooLarge[name] ?? 0));
    const sent = sink.publish([{ event: large, body: JSON.stringify(toEnvelope(large)) }]);
    await expect(sent).rejects.toBeInstanceOf(SinkRefused);
    const next = orderEvent(outbox.merchantId, newId('ord'), 1);
    await sink.publish([{ event: next, body: JSON.stringify(toEnvelope(next)) }]);
    return 'refused';
  });

  holds('two relays at once publish nothing twice while both live', async () => {
    const events = manyEvents(outbox.merchantId, 10, 10);
    const relays = [relayTo(sink), relayTo(sink)];
    await outbox.store.events.append(events);
    const arrived = await relayUntil(
      async () => (await Promise.all(relays.map((relay) => relay.round()))).reduce((sum, n) => sum + n),
      events,
    );
    expect(judge(arrived)).toEqual({ distinct: 100, copies: 0, outOfOrder: 0 });
    return '0 copies';
  });
}

/** The sink that the configuration makes: the last one, after webhooks. */
async function sinkTo(variables: Environment, enqueue: WebhookRelay['enqueue']): Promise<Sink> {
  const settings = eventSettings(z.object(eventVariables).parse(variables));
  const sink = (await eventSinks(settings, enqueue)).at(-1);
  if (sink === undefined) throw new Error('there is always a sink');
  return sink;
}

/** The second step of webhooks. */
function startCalls({ store }: Outbox): Pick<WebhookRelay, 'enqueue' | 'stop'> {
  const calls = webhookCalls({ installationSecret, allowed: { loopback: true }, timeoutMs: 5_000 });
  const deps = { store, clock: Date.now, newId, calls, random: () => 0 };
  const { enqueue, stop } = startWebhookRelay(deps, makeLog({ level: 'error' }));
  return {
    enqueue,
    stop: async () => {
      await stop();
      await calls.close();
    },
  };
}

/** The port of a loopback address; on port 9 nothing listens. */
const farPort = /(?<=127\.0\.0\.1):\d+/;

/** Bytes that are above the far end's own limit, where there is one that a shop may meet. */
const tooLarge: Readonly<Record<string, number>> = { Kafka: 1_100_000, SNS: 300_000, SQS: 1_100_000 };

function fromWire({ body }: Arrival) {
  const read = new CloudEvent<object>(JSON.parse(body) as object, true);
  return { id: read.id, subject: read.subject ?? '', sequence: String(read['sequence']) };
}

/** As after a crash between publishing and marking. */
function twice(sink: Sink): Sink {
  return {
    ...sink,
    publish: async (batch) => {
      await sink.publish(batch);
      await sink.publish(batch);
    },
  };
}

/** The far end with a rule against one event; everything else is its own behaviour. */
function refusing(sink: Sink, refuses: () => boolean, id: string): Sink {
  return {
    ...sink,
    publish: (batch) =>
      refuses() && batch.some(({ event }) => event.id === id)
        ? Promise.reject(new SinkRefused('not this one'))
        : sink.publish(batch),
  };
}
