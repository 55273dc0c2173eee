import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ConfigRefused } from '../../src/config.ts';
import { refuseDefaults, withSecretFiles } from '../../src/production.ts';

const good = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://tillgate@db/tillgate?sslmode=verify-full',
  TILLGATE_SECRET: 'c29tZXRoaW5nIHRoYXQgbm9ib2R5IGtub3dz',
  STRIPE_SECRET_KEY: 'sk_live_something',
  PUBLIC_URL: 'https://pay.example.com',
  HOST: '0.0.0.0',
  TRUSTED_PROXIES: '10.0.0.0/8',
};

function mistakesOf(act: () => unknown): readonly string[] {
  try {
    act();
    return [];
  } catch (error) {
    if (error instanceof ConfigRefused) return error.mistakes;
    throw error;
  }
}

describe('a start in production', () => {
  test('takes a configuration without defaults', () => {
    expect(mistakesOf(() => refuseDefaults(good))).toEqual([]);
  });

  test('takes a database and counters without TLS on this machine', () => {
    const here = {
      DATABASE_URL: 'postgres://tillgate@127.0.0.1/tillgate',
      REDIS_URL: 'redis://localhost:6379',
      EVENTS_KAFKA_BROKERS: 'localhost:9092,127.0.0.2:9092',
    };
    expect(mistakesOf(() => refuseDefaults({ ...good, ...here }))).toEqual([]);
  });

  test('takes a log of events elsewhere with TLS', () => {
    const there = { EVENTS_KAFKA_BROKERS: 'kafka:9092', EVENTS_KAFKA_TLS: 'true' };
    expect(mistakesOf(() => refuseDefaults({ ...good, ...there }))).toEqual([]);
  });

  test.each([
    ['the embedded database', { DATABASE_URL: '' }, 'DATABASE_URL'],
    ['a made-up secret', { TILLGATE_SECRET: undefined }, 'TILLGATE_SECRET'],
    ['a secret that is none', { TILLGATE_SECRET: 'a'.repeat(40) }, 'TILLGATE_SECRET'],
    ['the stand-in PSPs', { STRIPE_SECRET_KEY: undefined }, 'STRIPE_SECRET_KEY'],
    ['a test key', { STRIPE_SECRET_KEY: 'sk_test_something' }, 'STRIPE_SECRET_KEY'],
    ['another Stripe', { STRIPE_BASE_URL: 'http://127.0.0.1:1' }, 'STRIPE_BASE_URL'],
    ['another judge of challenges', { CHALLENGE_VERIFY_URL: 'http://127.0.0.1:1' }, 'CHALLENGE_VERIFY_URL'],
    ['Adyen’s test environment', { ADYEN_API_KEY: 'k' }, 'ADYEN_LIVE_URL_PREFIX'],
    ['a public address without TLS', { PUBLIC_URL: 'http://pay.example.com' }, 'PUBLIC_URL'],
    ['every interface without a proxy', { TRUSTED_PROXIES: '' }, 'TRUSTED_PROXIES'],
    ['a database without TLS', { DATABASE_URL: 'postgres://tillgate@db/tillgate' }, 'DATABASE_URL'],
    [
      'a database that may do without TLS',
      { DATABASE_URL: 'postgres://tillgate@db/tillgate?sslmode=prefer' },
      'DATABASE_URL',
    ],
    ['counters without TLS', { REDIS_URL: 'redis://redis:6379' }, 'REDIS_URL'],
    ['events without TLS', { EVENTS_REDIS_URL: 'redis://redis:6379' }, 'EVENTS_REDIS_URL'],
    [
      'a log of events without TLS',
      { EVENTS_KAFKA_BROKERS: '127.0.0.1:9092,kafka:9092' },
      'EVENTS_KAFKA_TLS',
    ],
    [
      'a log of events that says it does without TLS',
      { EVENTS_KAFKA_BROKERS: 'kafka:9092', EVENTS_KAFKA_TLS: 'false' },
      'EVENTS_KAFKA_TLS',
    ],
    ['a failpoint', { TILLGATE_FAILPOINT: 'relay.published' }, 'TILLGATE_FAILPOINT'],
  ])('refuses %s', (_, changed, variable) => {
    const mistakes = mistakesOf(() => refuseDefaults({ ...good, ...changed }));
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toContain(variable);
    expect(mistakesOf(() => refuseDefaults({ ...good, ...changed, NODE_ENV: 'development' }))).toEqual([]);
  });

  test('reads secrets from files, refuses what is set twice or cannot be read, and shows none of them', () => {
    const dir = mkdtempSync(join(tmpdir(), 'secrets-'));
    const path = join(dir, 'stripe');
    writeFileSync(path, 'sk_live_from_a_file\n');
    expect(withSecretFiles({ STRIPE_SECRET_KEY_FILE: path })).toMatchObject({
      STRIPE_SECRET_KEY: 'sk_live_from_a_file',
    });
    const twice = { STRIPE_SECRET_KEY_FILE: path, STRIPE_SECRET_KEY: 'sk_live_other' };
    expect(mistakesOf(() => withSecretFiles(twice))).toEqual([
      'STRIPE_SECRET_KEY and STRIPE_SECRET_KEY_FILE are both set',
    ]);
    expect(mistakesOf(() => withSecretFiles({ REDIS_URL_FILE: join(dir, 'none') }))).toEqual([
      'REDIS_URL_FILE names a file that cannot be read',
    ]);
    rmSync(dir, { recursive: true });
  });
});
