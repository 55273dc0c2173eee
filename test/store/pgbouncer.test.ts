/** PgBouncer in transaction mode between the service and PostgreSQL: every statement may get another connection. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from 'pg';
import { startPgBouncer } from '../../scripts/services/pgbouncer.ts';
import { migrate } from '../../src/store/migrate.ts';
import { freshDatabase, serverUrl } from '../harness/database.ts';
import { showFigure } from '../harness/figure.ts';
import { eventually, newId, startTestService } from '../harness/service.ts';

/** Far fewer than the ten of the service's pool, so that its connections get in each other's way. */
const connectionsMax = 3;
const checkouts = 40;

const started = await startPgBouncer(serverUrl(), connectionsMax);
const pgbouncer = 'through' in started ? started : null;
afterAll(() => pgbouncer?.stop());
const through = (mode: string, databaseUrl: string): string =>
  `${pgbouncer?.through(databaseUrl) ?? ''}?pgbouncer=${mode}`;

/** What of it is there to be tested, or why not. */
const modes = [
  { mode: 'true', absent: 'absent' in started ? started.absent : null },
  { mode: 'named', absent: pgbouncer?.bringsNames === true ? null : 'PgBouncer 1.21 or newer is not there' },
];

for (const { mode, absent } of modes) {
  const name = `with PgBouncer between, ?pgbouncer=${mode}`;
  if (absent === null) describe(name, () => suite(mode));
  else describe.skip(`${name} (${absent})`, () => suite(mode));
}

function suite(mode: string): void {
  test('purchases, webhooks of the PSP and the relay work, many at once', async () => {
    const told: string[] = [];
    const shop = createServer((request, response) => {
      request.resume();
      told.push(String(request.headers['webhook-id']));
      response.end();
    });
    await new Promise<void>((resolve) => void shop.listen(0, '127.0.0.1', resolve));
    const database = await freshDatabase();
    const service = await startTestService({
      webhooks: true,
      database,
      env: {
        DATABASE_URL: through(mode, database.url),
        EVENTS_WEBHOOKS_TO_LOOPBACK: 'true',
        // All at once on a busy machine: a PSP that was not waited for would be another test.
        PSP_TIMEOUT_MS: '15000',
        REQUEST_LEASE_MS: '20000',
      },
    });
    await service.call('POST', '/v1/webhook-endpoints', {
      body: { url: `http://127.0.0.1:${(shop.address() as AddressInfo).port}/`, types: ['payment.refunded'] },
    });
    const buy = async (nth: number): Promise<void> => {
      const made = await service.call('POST', '/v1/checkouts', {
        body: { amount: 1_000 + nth, currency: 'EUR' },
      });
      const path = `/v1/checkouts/${String(made.body['id'])}/confirm`;
      const key = newId('req');
      const confirm = () =>
        service.call('POST', path, { body: { payment_method: 'pm_card_visa' }, idempotencyKey: key });
      const paid = await confirm();
      expect(paid.body).toMatchObject({ status: 'completed' });
      expect((await confirm()).text).toBe(paid.text);
      const order = String((paid.body['order'] as Record<string, unknown>)['id']);
      const refunded = await service.call('POST', `/v1/orders/${order}/refunds`, {
        body: { amount: 400, currency: 'EUR' },
      });
      expect(refunded.status).toBe(200);
    };
    await Promise.all(Array.from({ length: checkouts }, (_, nth) => buy(nth)));
    await eventually(() => Promise.resolve(new Set(told).size === checkouts));
    // What Stripe says of it again changes nothing; all of it has been read when nothing is left to process.
    await eventually(async () => {
      const [row] = await service.query(
        `select count(*) filter (where state = 'processed')::int as read, count(*)::int as n from deliveries`,
      );
      return row?.['read'] === row?.['n'] && Number(row?.['n']) >= checkouts;
    });
    expect((await service.audit()).violations).toEqual([]);
    expect(service.complaints).toEqual([]);
    showFigure(
      `${checkouts} purchases at once through PgBouncer (?pgbouncer=${mode}) on ${connectionsMax} connections`,
    );
    await service.close();
    shop.close();
  }, 120_000);

  test('processes that start together migrate once, and leave with the role what connections may not ask for', async () => {
    const server = new Client(serverUrl());
    await server.connect();
    const name = `test_${randomBytes(6).toString('hex')}`;
    await server.query(`create database ${name}`);
    const there = new URL(serverUrl());
    there.pathname = name;
    const url = through(mode, there.href);
    const ran = await Promise.all(Array.from({ length: connectionsMax }, () => migrate(url)));
    expect(ran.flat().sort()).toEqual(
      readdirSync('migrations')
        .filter((file) => /^\d/.test(file))
        .sort(),
    );

    // What PgBouncer's next connection to this database finds.
    const next = new Client(there.href);
    await next.connect();
    const { rows } = await next.query(`select current_setting('enable_seqscan') as seqscan,
      current_setting('plan_cache_mode') as plans, current_setting('statement_timeout') as timeout`);
    expect(rows).toEqual([{ seqscan: 'off', plans: 'force_generic_plan', timeout: '10s' }]);
    await next.end();
    await server.query(`drop database ${name} with (force)`);
    await server.end();
  });
}
