import { readFileSync } from 'node:fs';
import { ConfigRefused, type Environment } from './config.ts';

/**
 * The environment with secrets read from files: `STRIPE_SECRET_KEY_FILE=/run/secrets/stripe` sets STRIPE_SECRET_KEY to
 * what is in the file, as container platforms hand secrets over. A variable that is set both ways is refused.
 */
export function withSecretFiles(env: Environment): Environment {
  const read: Record<string, string | undefined> = { ...env };
  const mistakes: string[] = [];
  for (const [name, path] of Object.entries(env)) {
    if (!ofFiles.has(name) || path === undefined || path === '') continue;
    const plain = name.slice(0, -'_FILE'.length);
    if (env[plain] !== undefined && env[plain] !== '') mistakes.push(`${plain} and ${name} are both set`);
    try {
      read[plain] = readFileSync(path, 'utf8').trim();
    } catch {
      mistakes.push(`${name} names a file that cannot be read`);
    }
  }
  if (mistakes.length > 0) throw new ConfigRefused(mistakes);
  return read;
}

const ofFiles: ReadonlySet<string> = new Set(
  [
    'DATABASE_URL',
    'REDIS_URL',
    'TILLGATE_SECRET',
    'STRIPE_SECRET_KEY',
    'STRIPE_WEBHOOK_SECRETS',
    'ADYEN_API_KEY',
    'ADYEN_HMAC_KEYS',
    'CHALLENGE_SECRET',
    'EVENTS_KAFKA_CA',
    'EVENTS_KAFKA_PASSWORD',
    'EVENTS_REDIS_URL',
  ].map((name) => `${name}_FILE`),
);

/** Refuses, with NODE_ENV=production, whatever is only there so that a first start needs no configuration. */
export function refuseDefaults(env: Environment): void {
  if (env['NODE_ENV'] !== 'production') return;
  const isSet = (name: string): boolean => (env[name] ?? '') !== '';
  const begins = (name: string, prefix: string): boolean => env[name]?.startsWith(prefix) === true;
  const mistakes: string[] = [];
  const refuse = (wrong: boolean, mistake: string): void => {
    if (wrong) mistakes.push(mistake);
  };

  refuse(!isSet('DATABASE_URL'), 'DATABASE_URL is missing: the embedded PostgreSQL is not for production');
  refuse(
    !isSet('TILLGATE_SECRET'),
    'TILLGATE_SECRET is missing: a made-up one differs from process to process',
  );
  refuse(/^(.)\1*$/.test(env['TILLGATE_SECRET'] ?? 'ab'), 'TILLGATE_SECRET is one character, repeated');
  refuse(
    !isSet('STRIPE_SECRET_KEY') && !isSet('ADYEN_API_KEY'),
    'STRIPE_SECRET_KEY or ADYEN_API_KEY is missing: the stand-in PSPs move no money',
  );
  refuse(/^(sk|rk)_test_/.test(env['STRIPE_SECRET_KEY'] ?? ''), 'STRIPE_SECRET_KEY is a test key');
  refuse(isSet('STRIPE_BASE_URL'), 'STRIPE_BASE_URL sends payments somewhere else than to Stripe');
  refuse(isSet('ADYEN_BASE_URL'), 'ADYEN_BASE_URL sends payments somewhere else than to Adyen');
  refuse(isSet('CHALLENGE_VERIFY_URL'), 'CHALLENGE_VERIFY_URL lets somebody else than the provider judge');
  refuse(
    isSet('ADYEN_API_KEY') && !isSet('ADYEN_LIVE_URL_PREFIX'),
    'ADYEN_LIVE_URL_PREFIX is missing: payments would go to Adyen’s test environment',
  );
  refuse(!begins('PUBLIC_URL', 'https://'), 'PUBLIC_URL is missing or not https');
  refuse(
    isSet('HOST') && !begins('HOST', '127.') && env['HOST'] !== '::1' && !isSet('TRUSTED_PROXIES'),
    'TRUSTED_PROXIES is missing: behind a proxy every buyer would have the proxy’s address; without one, name 127.0.0.1',
  );
  for (const [name, isSecure] of [
    [
      'DATABASE_URL',
      (url: URL) => /^(require|verify-ca|verify-full)$/.test(url.searchParams.get('sslmode') ?? ''),
    ],
    ['REDIS_URL', (url: URL) => url.protocol === 'rediss:'],
    ['EVENTS_REDIS_URL', (url: URL) => url.protocol === 'rediss:'],
  ] as const) {
    const url = URL.parse(env[name] ?? '');
    const how = name === 'DATABASE_URL' ? 'sslmode=verify-full' : 'rediss://';
    refuse(
      url !== null && !isHere(url) && !isSecure(url),
      `${name} crosses a network without TLS: use ${how}`,
    );
  }
  const brokers = (env['EVENTS_KAFKA_BROKERS'] ?? '').split(',').map((each) => URL.parse(`kafka://${each}`));
  refuse(
    env['EVENTS_KAFKA_TLS'] !== 'true' && brokers.some((broker) => broker !== null && !isHere(broker)),
    'EVENTS_KAFKA_BROKERS crosses a network without TLS: set EVENTS_KAFKA_TLS=true',
  );
  refuse(isSet('TILLGATE_FAILPOINT'), 'TILLGATE_FAILPOINT kills the process');
  if (mistakes.length > 0) throw new ConfigRefused(mistakes);
}

/** On this machine: a socket, or a proxy beside the service that speaks TLS for it. */
function isHere({ hostname }: URL): boolean {
  return hostname === '' || hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
