/** A relay that dies between publishing and marking: nothing lost, copies with equal ids only, order kept. */
import { expect, test } from '@jest/globals';
import { showFigure } from '../harness/figure.ts';
import { Redis } from 'ioredis';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { redisStreamsSink } from '../../src/events/redis-streams/redis-streams.ts';
import { relayEvents } from '../../src/flows/relay-events.ts';
import { describeWithRedis } from '../harness/redis.ts';
import { type Outbox, freshOutbox, judge, manyEvents, newId } from './outbox.ts';

/** Inside this process: the relay is dropped where it stands, lease and all, and another takes over. */
const abortsMin = 1_000;
/** Real deaths of a process, by SIGKILL to itself at the failpoint; each leaves a lease that has to run out first. */
const killsMin = 8;

/** Of a process that starts, waits for a lease of 200 ms and relays: many times what it takes. */
const patienceMs = 60_000;

describeWithRedis('a relay killed between publish and mark', (url) => {
  test(`${abortsMin} aborted relays lose nothing and keep the order [F1.6]`, async () => {
    const outbox = await freshOutbox();
    const stream = newId('str');
    const sink = { ...redisStreamsSink({ name: 'redis', url, stream, lengthMax: 1_000_000 }), batchMax: 7 };
    let aborts = 0;
    let sent = 0;
    // Every other relay dies at its first mark; the one after it does one batch before it dies at the next.
    while (aborts < abortsMin || (await backlog(outbox)) > 0) {
      if (aborts < abortsMin && sent < aborts * 4 + 100) {
        const events = manyEvents(outbox.merchantId, 20, 10);
        await outbox.store.events.append(events);
        sent += events.length;
      }
      let marksLeft = aborts < abortsMin ? aborts % 2 : Infinity;
      const relay = relayEvents(
        {
          store: outbox.store,
          failpoint: (name) => {
            if (name !== 'relay.published') return;
            if (marksLeft === 0) throw new Aborted();
            marksLeft -= 1;
          },
        },
        sink,
        { holder: newId('rel'), leaseMs: 1, triesMax: 5, monotonic: () => performance.now() },
      );
      try {
        while ((await relay.round()) > 0);
      } catch (error) {
        if (!(error instanceof Aborted)) throw error;
        aborts += 1;
      }
    }
    await sink.close();
    const verdict = judge(await readStream(url, stream));
    showFigure(`aborts inside a process: ${JSON.stringify({ aborts, sent, ...verdict })}`);
    expect(verdict).toMatchObject({ distinct: sent, outOfOrder: 0 });
    expect(verdict.copies).toBeGreaterThanOrEqual(abortsMin);
    await outbox.drop();
  }, 400_000);

  test(`${killsMin} processes killed by SIGKILL lose nothing and keep the order [F1.5][F1.6]`, async () => {
    const outbox = await freshOutbox();
    const stream = newId('str');
    let kills = 0;
    let sent = 0;
    while (kills < killsMin) {
      const events = manyEvents(outbox.merchantId, 10, 3);
      await outbox.store.events.append(events);
      sent += events.length;
      const child = runRelay(outbox.url, url, stream, kills % 2 === 0 ? 'relay.read' : 'relay.published');
      expect(await ended(child)).toBe('SIGKILL');
      kills += 1;
    }
    const last = runRelay(outbox.url, url, stream, '');
    // Not by its lease: a relay that lives renews it, and the test would wait for ever.
    const until = Date.now() + patienceMs;
    while (judge(await readStream(url, stream)).distinct < sent) {
      if (Date.now() > until) throw new Error(`the last relay left something of ${sent} events behind`);
      await sleep(50);
    }
    last.kill('SIGTERM');
    await ended(last);
    const verdict = judge(await readStream(url, stream));
    showFigure(`processes killed: ${JSON.stringify({ kills, sent, ...verdict })}`);
    expect(verdict).toMatchObject({ distinct: sent, outOfOrder: 0 });
    expect(verdict.copies).toBeGreaterThan(0);
    await outbox.drop();
  }, 400_000);
});

class Aborted extends Error {}

/** The signal that ended it; what does not end by itself is ended, and told. */
async function ended(child: ChildProcess): Promise<string | null> {
  const late = setTimeout(() => child.kill('SIGABRT'), patienceMs);
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  clearTimeout(late);
  return child.signalCode;
}

function runRelay(database: string, redis: string, stream: string, failpoint: string): ChildProcess {
  const script = new URL('./relay-process.ts', import.meta.url).pathname;
  return spawn(process.execPath, [script, database, redis, stream, failpoint], { stdio: 'inherit' });
}

/** How many events the only sink still has to get. */
async function backlog({ store }: Outbox): Promise<number> {
  const place = await store.relay.claim('redis', 'the test', 1);
  if (place === null) return 1;
  return (await store.relay.read(place.cursor, 1)).length;
}

async function readStream(url: string, stream: string) {
  const redis = new Redis(url);
  const entries = await redis.xrange(stream, '-', '+');
  redis.disconnect();
  return entries.map(([, fields]) => {
    const { id, subject, sequence } = JSON.parse(fields[7] ?? '') as Record<
      'id' | 'subject' | 'sequence',
      string
    >;
    return { id, subject, sequence };
  });
}
