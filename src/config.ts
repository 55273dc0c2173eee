import { isIP } from 'node:net';
import { z } from 'zod';
import { failpoints } from './flows/deps.ts';
import { dayMs } from './kernel/instant.ts';
import { type EventSettings, eventSettings, eventVariables } from './events/settings.ts';

/** What the environment says, checked and typed. Secrets come from here only; nothing is read from it later. */
export type Config = {
  readonly port: number;
  readonly adminPort: number;
  readonly host: string;
  readonly adminHost: string;
  readonly publicUrl: string;
  readonly databaseUrl: string;
  readonly poolMax: number;
  readonly databaseTimeoutMs: number;
  readonly redisUrl: string | null;
  /** Keys the hashes of personal data in counters; never leaves the process. */
  readonly secret: string;
  readonly stripe: StripeAccount | null;
  readonly adyen: AdyenAccount | null;
  readonly trustedProxies: readonly string[];
  /** Who sets challenges for bots; our own proof of work when null. */
  readonly challenges: ForeignChallenges | null;
  /** How much work one try at our own is: rounds of PBKDF2, 2 ms a 5,000 in a browser; 256 tries on average. */
  readonly challengeRounds: number;
  readonly events: EventSettings;
  readonly policies: string;
  readonly models: string;
  /** How long a captured purchase has to be uncontested before it counts as good; null: it never does by itself. */
  readonly assessmentDeadlineMs: number;
  readonly goodAfterMs: number | null;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly pspTimeoutMs: number;
  readonly leaseMs: number;
  /** Kill the process at this named point; only ever set by tests. */
  readonly failpoint: string | null;
};

export type StripeAccount = {
  readonly account: string;
  readonly secretKey: string;
  readonly webhookSecrets: readonly string[];
  readonly baseUrl: string | null;
};

export type AdyenAccount = {
  readonly account: string;
  readonly apiKey: string;
  readonly hmacKeys: readonly string[];
  readonly baseUrl: string | null;
  readonly liveUrlPrefix: string | null;
};

export type ForeignChallenges = {
  readonly provider: 'hcaptcha' | 'turnstile';
  readonly siteKey: string;
  readonly secret: string;
  /** Instead of the provider's own address. */
  readonly url: string | null;
};

export type Environment = Readonly<Record<string, string | undefined>>;

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'is not a port number')
  .transform(Number)
  .refine((number) => number <= 65_535, 'is not a port number');
const wholeNumber = z
  .string()
  .regex(/^\d{1,9}$/, 'is not a whole number')
  .transform(Number);
/** Of what is none at all without a first one: connections, milliseconds. */
const atLeastOne = wholeNumber.refine((number) => number > 0, 'is not above 0');
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== ''),
);
const url = z.url('is not a URL');

function isNetwork(text: string): boolean {
  const [address = '', bits = '0', ...more] = text.split('/');
  const bitsMax = isIP(address) === 4 ? 32 : 128;
  return isIP(address) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax && more.length === 0;
}

const environment = z.object({
  PORT: port.default(8080),
  ADMIN_PORT: port.default(8081),
  HOST: z.string().default('127.0.0.1'),
  ADMIN_HOST: z.string().default('127.0.0.1'),
  PUBLIC_URL: url.optional(),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'is not a postgres:// URL'),
  DATABASE_POOL_MAX: atLeastOne.default(20),
  DATABASE_TIMEOUT_MS: atLeastOne.default(10_000),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'is not a redis:// URL')
    .optional(),
  TILLGATE_SECRET: z.string().min(32, 'needs at least 32 characters'),
  STRIPE_SECRET_KEY: z
    .string()
    .regex(/^(sk|rk)_/, 'does not begin with sk_ or rk_')
    .optional(),
  STRIPE_WEBHOOK_SECRETS: list
    .refine(
      (secrets) => secrets.every((each) => each.startsWith('whsec_')),
      'has one that does not begin with whsec_',
    )
    .default([]),
  STRIPE_ACCOUNT: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'has something else than small letters, digits and hyphens')
    .default('default'),
  STRIPE_BASE_URL: url.optional(),
  ADYEN_API_KEY: z.string().min(1).optional(),
  ADYEN_MERCHANT_ACCOUNT: z.string().min(1).optional(),
  ADYEN_HMAC_KEYS: list
    .refine((keys) => keys.every((each) => /^([0-9a-f]{2})+$/i.test(each)), 'has one that is not hexadecimal')
    .default([]),
  ADYEN_BASE_URL: url.optional(),
  ADYEN_LIVE_URL_PREFIX: z.string().optional(),
  TRUSTED_PROXIES: list
    .refine(
      (networks) => networks.every(isNetwork),
      'has one that is neither an address nor a block such as 10.0.0.0/8',
    )
    .default([]),
  CHALLENGE_PROVIDER: z.enum(['proof_of_work', 'hcaptcha', 'turnstile']).default('proof_of_work'),
  CHALLENGE_ROUNDS: atLeastOne.default(5_000),
  CHALLENGE_SITE_KEY: z.string().optional(),
  CHALLENGE_SECRET: z.string().optional(),
  CHALLENGE_VERIFY_URL: url.optional(),
  ...eventVariables,
  POLICIES_DIR: z.string().default('policies'),
  MODELS_DIR: z.string().default('models'),
  // Long enough for Redis and the model on a bad day, short enough that the buyer does not notice.
  ASSESSMENT_DEADLINE_MS: atLeastOne.default(150),
  // Most chargebacks have come by then.
  GOOD_AFTER_DAYS: wholeNumber.default(90),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  PSP_TIMEOUT_MS: atLeastOne.default(10_000),
  REQUEST_LEASE_MS: wholeNumber.default(20_000),
  TILLGATE_FAILPOINT: z.enum(failpoints).optional(),
});

/** Reads the environment, or refuses with every variable that is wrong. */
export function readConfig(env: Environment): Config {
  const read = environment.safeParse(withoutEmpty(env));
  if (!read.success) {
    throw new ConfigRefused(read.error.issues.map((issue) => `${issue.path.join('.')} ${sentence(issue)}`));
  }
  const set = read.data;
  const mistakes: string[] = [];
  if (set.REQUEST_LEASE_MS <= set.PSP_TIMEOUT_MS) {
    mistakes.push(
      'REQUEST_LEASE_MS must be longer than PSP_TIMEOUT_MS, or a request would be resumed while it still runs',
    );
  }
  if (set.STRIPE_SECRET_KEY !== undefined && set.STRIPE_WEBHOOK_SECRETS.length === 0) {
    mistakes.push('STRIPE_WEBHOOK_SECRETS is missing: webhooks of the account could not be verified');
  }
  mistakes.push(...keyless(env));
  if (set.ADYEN_API_KEY !== undefined && set.ADYEN_MERCHANT_ACCOUNT === undefined) {
    mistakes.push('ADYEN_MERCHANT_ACCOUNT is missing');
  }
  if (set.ADYEN_API_KEY !== undefined && set.ADYEN_HMAC_KEYS.length === 0) {
    mistakes.push('ADYEN_HMAC_KEYS is missing: webhooks of the account could not be verified');
  }
  if (set.CHALLENGE_PROVIDER !== 'proof_of_work' && challengesOf(set) === null) {
    mistakes.push(`CHALLENGE_SITE_KEY and CHALLENGE_SECRET of ${set.CHALLENGE_PROVIDER} are missing`);
  }
  if (mistakes.length > 0) throw new ConfigRefused(mistakes);
  return {
    port: set.PORT,
    adminPort: set.ADMIN_PORT,
    host: set.HOST,
    adminHost: set.ADMIN_HOST,
    publicUrl: set.PUBLIC_URL ?? `http://${set.HOST}:${set.PORT}`,
    databaseUrl: set.DATABASE_URL,
    poolMax: set.DATABASE_POOL_MAX,
    databaseTimeoutMs: set.DATABASE_TIMEOUT_MS,
    redisUrl: set.REDIS_URL ?? null,
    secret: set.TILLGATE_SECRET,
    stripe: stripeOf(set),
    adyen: adyenOf(set),
    trustedProxies: set.TRUSTED_PROXIES,
    challenges: challengesOf(set),
    challengeRounds: set.CHALLENGE_ROUNDS,
    events: eventSettings(set),
    policies: set.POLICIES_DIR,
    models: set.MODELS_DIR,
    assessmentDeadlineMs: set.ASSESSMENT_DEADLINE_MS,
    goodAfterMs: set.GOOD_AFTER_DAYS === 0 ? null : set.GOOD_AFTER_DAYS * dayMs,
    logLevel: set.LOG_LEVEL,
    pspTimeoutMs: set.PSP_TIMEOUT_MS,
    leaseMs: set.REQUEST_LEASE_MS,
    failpoint: set.TILLGATE_FAILPOINT ?? null,
  };
}

/** An account without its key would be left out in silence, and the stand-ins take its payments. */
export function keyless(env: Environment): readonly string[] {
  return [
    { key: 'STRIPE_SECRET_KEY', others: ['STRIPE_WEBHOOK_SECRETS'] },
    { key: 'ADYEN_API_KEY', others: ['ADYEN_MERCHANT_ACCOUNT', 'ADYEN_HMAC_KEYS', 'ADYEN_LIVE_URL_PREFIX'] },
  ].flatMap(({ key, others }) => {
    const set = others.find((name) => (env[name] ?? '') !== '');
    return (env[key] ?? '') === '' && set !== undefined ? [`${key} is missing beside ${set}`] : [];
  });
}

/** The environment does not make a service; the message names each variable and what is wrong with it. */
export class ConfigRefused extends Error {
  override readonly name = 'ConfigRefused';
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(`the configuration is refused:\n  ${mistakes.join('\n  ')}`);
    this.mistakes = mistakes;
  }
}

type Settings = z.output<typeof environment>;

function stripeOf(set: Settings): StripeAccount | null {
  if (set.STRIPE_SECRET_KEY === undefined) return null;
  return {
    account: set.STRIPE_ACCOUNT,
    secretKey: set.STRIPE_SECRET_KEY,
    webhookSecrets: set.STRIPE_WEBHOOK_SECRETS,
    baseUrl: set.STRIPE_BASE_URL ?? null,
  };
}

function adyenOf(set: Settings): AdyenAccount | null {
  if (set.ADYEN_API_KEY === undefined || set.ADYEN_MERCHANT_ACCOUNT === undefined) return null;
  return {
    account: set.ADYEN_MERCHANT_ACCOUNT,
    apiKey: set.ADYEN_API_KEY,
    hmacKeys: set.ADYEN_HMAC_KEYS,
    baseUrl: set.ADYEN_BASE_URL ?? null,
    liveUrlPrefix: set.ADYEN_LIVE_URL_PREFIX ?? null,
  };
}

function challengesOf({
  CHALLENGE_PROVIDER: provider,
  CHALLENGE_SITE_KEY: siteKey,
  CHALLENGE_SECRET: secret,
  CHALLENGE_VERIFY_URL: verifyUrl,
}: Settings): ForeignChallenges | null {
  if (provider === 'proof_of_work' || siteKey === undefined || secret === undefined) return null;
  return { provider, siteKey, secret, url: verifyUrl ?? null };
}

/** `FOO=` means the same as no FOO at all: that is how container platforms write "not set". */
function withoutEmpty(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}

function sentence(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' && issue.input === undefined ? 'is missing' : issue.message;
}
