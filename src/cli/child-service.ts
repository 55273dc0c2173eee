import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Environment } from '../config.ts';

/** A service in a process of its own, which can be killed without ending this one. */
export type ChildService = {
  readonly api: string;
  readonly admin: string;
  /** Only where the child has a database of its own. */
  readonly secretKey: string | null;
  readonly pid: number;
  /** Resolves when the process is gone, to the signal that ended it. */
  readonly exited: Promise<string | null>;
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
};

const ready = z.object({ api: z.string(), admin: z.string(), secret_key: z.string().optional() });

const ours = fileURLToPath(new URL('start.ts', import.meta.url));

/** Runs `npm start` with this environment and data directory, and waits until it is ready. */
export async function startChildService(
  dataDir: string,
  env: Environment,
  main: string = ours,
): Promise<ChildService> {
  const child = spawn(process.execPath, [main, '--json', '--data', dataDir], {
    env: { ...process.env, LOG_LEVEL: 'error', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit').then(([, signal]) => signal as string | null);
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line'), exited]);
  if (!Array.isArray(first)) throw new Error(`the service ended before it was ready (${String(first)})`);
  // Its log goes on; a full pipe would stop it.
  child.stdout.resume();
  const { api, admin, secret_key } = ready.parse(JSON.parse(String(first[0])));
  return { api, admin, secretKey: secret_key ?? null, pid: child.pid ?? 0, exited, stop };
}
