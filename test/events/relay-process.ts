/** A relay in a process of its own, for tests that kill it: DATABASE REDIS STREAM FAILPOINT. */
import { redisStreamsSink } from '../../src/events/redis-streams/redis-streams.ts';
import { relayEvents } from '../../src/flows/relay-events.ts';
import { failpointAt } from '../../src/observe/failpoint.ts';
import { makeLog } from '../../src/observe/log.ts';
import { postgresStore } from '../../src/store/postgres-store.ts';
import { startRelay } from '../../src/workers/relay-events.ts';
import { newId, openTestDatabase } from './outbox.ts';

const [database = '', url = '', stream = '', failpoint = ''] = process.argv.slice(2);
const monotonic = () => performance.now();
const opened = openTestDatabase(database);
const sink = { ...redisStreamsSink({ name: 'redis', url, stream, lengthMax: 1_000_000 }), batchMax: 7 };
const relay = relayEvents(
  { store: postgresStore(opened), failpoint: failpointAt(failpoint === '' ? null : failpoint) },
  sink,
  { holder: newId('rel'), leaseMs: 200, triesMax: 5, monotonic },
);
const worker = startRelay(sink.name, relay, makeLog({ level: 'warn' }), monotonic);
process.once('SIGTERM', () => {
  void worker
    .stop()
    .then(() => sink.close())
    .then(() => opened.close());
});
