import express, { type Express } from 'express';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';

/** What keeps a process out of rotation; each answers or throws within a second. */
export type Checks = Readonly<Record<string, () => Promise<void>>>;

/** The operator's port: alive, ready, measured. Never reachable from the internet. */
export function makeAdmin(metrics: Metrics, checks: Checks, draining: () => boolean, log: Log): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/livez', (_request, response) => {
    response.json({ alive: true });
  });
  app.get('/readyz', async (_request, response) => {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        try {
          await within(1_000, check());
          return [name, 'ok'] as const;
        } catch (error) {
          log.warn('a readiness check failed', { component: name, error });
          return [name, 'failed'] as const;
        }
      }),
    );
    const ready = !draining() && results.every(([, result]) => result === 'ok');
    response
      .status(ready ? 200 : 503)
      .json({ ready, draining: draining(), checks: Object.fromEntries(results) });
  });
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.page());
  });
  return app;
}

async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
