/** Starts the server in a process that a test can kill: prints its url, or the problem; stops it on SIGTERM. */
import { startPostgres } from '../../src/embedded/postgres.ts';

try {
  const postgres = await startPostgres({ dir: process.argv[2] ?? '', durable: false });
  process.once('SIGTERM', () => void postgres.stop().then(() => process.exit()));
  process.stdout.write(`${postgres.url}\n`);
  setInterval(() => undefined, 60_000);
} catch (error) {
  process.stdout.write(`${String(error)}\n`);
}
