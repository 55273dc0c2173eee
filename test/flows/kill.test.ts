import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChildService, startChildService } from '../../src/cli/child-service.ts';
import { type Stage, openStage } from '../../src/cli/stage.ts';
import { auditAll } from '../../src/invariants/invariants.ts';
import { readLedger } from '../../src/invariants/ledger.ts';
import { auditPurchases } from '../../src/store/audit.ts';
import { openPatiently } from '../../src/store/database.ts';
import { showFigure } from '../harness/figure.ts';
import { eventually } from '../harness/service.ts';

/** Deaths that no failpoint names: in the middle of the PSP's work, and at the writes of the process itself. */
let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterEach(() => fetch(`${stage.stripeUrl}/_sandbox/faults`, { method: 'DELETE' }));
afterAll(() => stage.close());

const env = () => ({ ...stage.env, PSP_TIMEOUT_MS: '2000', REQUEST_LEASE_MS: '2500' });

async function post(path: string, key: string, body: object): Promise<Record<string, unknown> | null> {
  const headers = {
    authorization: `Bearer ${stage.keys.secretKey}`,
    'content-type': 'application/json',
    'idempotency-key': key,
  };
  try {
    const response = await fetch(`${stage.api}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return response.status === 409 || response.status >= 500
      ? null
      : ((await response.json()) as Record<string, unknown>);
  } catch {
    return null;
  }
}

const card = { payment_method: 'pm_card_visa' };

/** A checkout, and how it is confirmed: with one key, however often. */
async function checkout(): Promise<{ id: string; confirm: () => Promise<Record<string, unknown> | null> }> {
  const made = await post('/v1/checkouts', randomBytes(8).toString('hex'), { amount: 1299, currency: 'EUR' });
  const id = String(made?.['id']);
  const key = randomBytes(8).toString('hex');
  return { id, confirm: () => post(`/v1/checkouts/${id}/confirm`, key, card) };
}

async function chargesOf(id: string): Promise<number[]> {
  const lines = await readLedger(stage.stripeUrl);
  return lines
    .filter(({ metadata }) => metadata['tillgate_checkout'] === id)
    .flatMap(({ authorisations }) => authorisations);
}

async function violations(): Promise<readonly object[]> {
  const pool = openPatiently(stage.databaseUrl);
  try {
    const ledger = await readLedger(stage.stripeUrl);
    return (await auditAll(auditPurchases(pool), ledger, { now: Date.now(), settlingMs: 60_000 })).violations;
  } finally {
    await pool.close();
  }
}

/** Another process takes over; the client sends its request again. */
async function takeOver(begun: Awaited<ReturnType<typeof checkout>>): Promise<void> {
  const next = await startChildService(stage.dir, env());
  try {
    const reply = await eventually(begun.confirm);
    expect(reply).toMatchObject({ status: 'completed', payment: { captured: 1299 } });
    expect(await chargesOf(begun.id)).toEqual([1299]);
  } finally {
    await next.stop();
  }
}

it('a service that dies after the PSP has charged, before it could read the answer, charges once [F1.2]', async () => {
  const service = await startChildService(stage.dir, env());
  const begun = await checkout();
  const fault = {
    match: { method: 'POST', path: '/v1/payment_intents' },
    when: 'after',
    do: 'hang',
    ms: 1_500,
  };
  await fetch(`${stage.stripeUrl}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) });
  const unanswered = begun.confirm();
  await eventually(async () => (await chargesOf(begun.id)).length > 0);
  await service.stop('SIGKILL');
  expect(await unanswered).toBeNull();
  await takeOver(begun);
  expect(await violations()).toEqual([]);
}, 120_000);

/** Each death costs a start of the service; the writes of one confirm, and of the workers beside it, are fewer. */
const writesMax = 6;

const strace = spawnSync('strace', ['-f', '-e', 'trace=none', 'true']).status === 0;

(strace ? describe : describe.skip)(
  `a service that dies at a write (${strace ? 'strace' : 'no strace that may trace'})`,
  () => {
    it('loses nothing and doubles nothing, at whichever of them [F1.8]', async () => {
      let deaths = 0;
      for (let nth = 1; nth <= writesMax; nth += 1) {
        const service = await startChildService(stage.dir, env());
        const begun = await checkout();
        const tracer = await killAtWrite(service, nth);
        const first = await begun.confirm();
        const died = await Promise.race([service.exited, sleep(500, 'nothing' as const)]);
        if (died === 'SIGKILL') deaths += 1;
        else await service.stop('SIGKILL');
        tracer.kill();
        await takeOver(begun);
        if (first !== null) expect(first).toMatchObject({ status: 'completed' });
      }
      expect(await violations()).toEqual([]);
      showFigure(
        `killed at a write: ${deaths} deaths at the first ${writesMax} writes, nothing lost or doubled`,
      );
      expect(deaths).toBeGreaterThanOrEqual(writesMax / 2);
    }, 280_000);
  },
);

/** From now on, the nth write of a thread of the service is its last. Resolves when strace has hold of it. */
async function killAtWrite({ pid }: ChildService, nth: number): Promise<ChildProcess> {
  const inject = `inject=write,writev,sendto,sendmsg:signal=KILL:when=${nth}`;
  const tracer = spawn(
    'strace',
    ['-f', '-p', String(pid), '-e', 'trace=write,writev,sendto,sendmsg', '-e', inject, '-o', '/dev/null'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  await once(tracer.stderr, 'data');
  return tracer;
}
