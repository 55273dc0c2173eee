import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { ConfigRefused, readConfig } from '../../src/config.ts';
import { subscribedEvents } from '../../src/psp/stripe/subscribed-events.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Names of the tables' first columns. */
const told = [...read('docs/CONFIGURATION.md').matchAll(/^\| (`[A-Z].*?) \|/gm)].flatMap(([, cell = '']) =>
  [...cell.matchAll(/`([A-Z_]+)`( †)?/g)].map(([, name = '', dagger]) => ({
    name,
    ofFile: dagger !== undefined,
  })),
);

/** Declared as `NAME: schema` where the environment is read. */
const declared = ['src/config.ts', 'src/events/settings.ts'].flatMap((path) =>
  [...read(path).matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name = '']) => name),
);

test('the page of variables has those that are read, and no others', () => {
  expect(declared.length).toBeGreaterThan(40);
  expect(told.map(({ name }) => name).sort()).toEqual([...new Set(declared), 'NODE_ENV'].sort());
});

test('it marks those that may come from a file', () => {
  const [, list = ''] = /new Set\(\s*\[([^\]]*)\]/.exec(read('src/production.ts')) ?? [];
  const ofFiles = [...list.matchAll(/'([A-Z_]+)'/g)].map(([, name = '']) => name);
  expect(
    told
      .filter(({ ofFile }) => ofFile)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(ofFiles.sort());
});

const good = {
  DATABASE_URL: 'postgres://tillgate@127.0.0.1/tillgate',
  TILLGATE_SECRET: 'c29tZXRoaW5nIHRoYXQgbm9ib2R5IGtub3dz',
};

function mistakesOf(set: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfig({ ...good, ...set });
    return [];
  } catch (error) {
    if (error instanceof ConfigRefused) return error.mistakes;
    throw error;
  }
}

/** What is wrong with each variable that can be; of the others any text will do. */
const wrong: Readonly<Record<string, readonly string[]>> = {
  PORT: ['eighty', '65536', '-1'],
  ADMIN_PORT: ['99999'],
  PUBLIC_URL: ['pay.example.com'],
  TRUSTED_PROXIES: ['proxy', '10.0.0.0/33', '10.0.0.1, 10.0.0', '10.0.0.0/8/8'],
  DATABASE_URL: ['', 'mysql://127.0.0.1/tillgate'],
  DATABASE_POOL_MAX: ['0', 'many'],
  DATABASE_TIMEOUT_MS: ['0', '1s'],
  REDIS_URL: ['127.0.0.1:6379'],
  TILLGATE_SECRET: ['', 'short'],
  STRIPE_SECRET_KEY: ['pk_live_something'],
  STRIPE_WEBHOOK_SECRETS: ['whsec_one,two'],
  STRIPE_ACCOUNT: ['Our Shop'],
  STRIPE_BASE_URL: ['stripe'],
  ADYEN_API_KEY: [''],
  ADYEN_MERCHANT_ACCOUNT: [''],
  ADYEN_HMAC_KEYS: ['', 'c2VjcmV0', '44782DEF547'],
  ADYEN_BASE_URL: ['adyen'],
  CHALLENGE_PROVIDER: ['recaptcha'],
  CHALLENGE_ROUNDS: ['0'],
  CHALLENGE_VERIFY_URL: ['turnstile'],
  ASSESSMENT_DEADLINE_MS: ['0'],
  GOOD_AFTER_DAYS: ['-1'],
  LOG_LEVEL: ['verbose'],
  PSP_TIMEOUT_MS: ['0'],
  REQUEST_LEASE_MS: ['10000'],
  TILLGATE_FAILPOINT: ['confirm.concludde'],
  EVENTS_RELAY: ['yes'],
  EVENTS_KAFKA_BROKERS: ['kafka'],
  EVENTS_KAFKA_TLS: ['1'],
  EVENTS_KAFKA_CA: ['/etc/ssl/kafka.pem'],
  EVENTS_KAFKA_SASL: ['plain'],
  EVENTS_REDIS_URL: ['127.0.0.1:6379'],
  EVENTS_REDIS_LENGTH_MAX: ['0'],
  EVENTS_SNS_TOPIC_ARN: ['orders'],
  EVENTS_SQS_QUEUE_URL: ['https://sqs.example/orders'],
  EVENTS_AWS_ENDPOINT: ['eu-central-1'],
  EVENTS_WEBHOOKS_TO_LOOPBACK: ['0'],
  EVENTS_LIVE_MONTHS: ['0'],
};
const adyen = { ADYEN_API_KEY: 'k', ADYEN_MERCHANT_ACCOUNT: 'shop', ADYEN_HMAC_KEYS: '44782DEF54' };

test.each(Object.entries(wrong).flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
  '%s=%s is refused by its name',
  (name, value) => {
    const rest = name.startsWith('ADYEN_') ? adyen : {};
    const mistakes = mistakesOf({ ...rest, [name]: value });
    expect(mistakes).toContainEqual(expect.stringContaining(name));
    expect(mistakes.join()).not.toContain('Invalid string');
  },
);

test('an account that lacks its key is not left out in silence', () => {
  expect(mistakesOf({ STRIPE_WEBHOOK_SECRETS: 'whsec_one' })).toEqual([
    'STRIPE_SECRET_KEY is missing beside STRIPE_WEBHOOK_SECRETS',
  ]);
  expect(mistakesOf({ STRIPE_SECRET_KEY: 'sk_test_one' })).toHaveLength(1);
  expect(mistakesOf({ ...adyen, TRUSTED_PROXIES: '10.0.0.0/8, ::1' })).toEqual([]);
});

test('operators register Stripe’s webhook for the events that the adapter wants', () => {
  const [, shown = ''] = /```text\n([^]*?)```/.exec(read('docs/OPERATIONS.md')) ?? [];
  expect(shown.trim().split('\n')).toEqual(subscribedEvents);
});
