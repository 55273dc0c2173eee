import { pino, type DestinationStream } from 'pino';
import { withoutSecrets } from './secrecy.ts';

/**
 * What a log line may say. A field that is not named here is not written: its name is, so that its author notices.
 * Everything here is an id of ours, a word from a closed list, a number, or a text that passes `withoutSecrets`.
 */
const fields = [
  'account',
  'address_network',
  'assessment_id',
  'attempt',
  'attempt_id',
  'bytes',
  'checkout_id',
  'code',
  'component',
  'consumer',
  'count',
  'currency',
  'decision',
  'duration_ms',
  'endpoint_id',
  'error',
  'event_id',
  'event_type',
  'from',
  'job',
  'key_id',
  'kind',
  'lag',
  'limit',
  'merchant_id',
  'method',
  'model',
  'order_id',
  'outcome',
  'payment_id',
  'phase',
  'policy',
  'port',
  'profile',
  'psp',
  'reason',
  'reference',
  'request_id',
  'retry_in_ms',
  'route',
  'score',
  'signal',
  'sink',
  'state',
  'status',
  'to',
  'topic',
  'trace_id',
  'span_id',
  'url_path',
  'version',
  'worker',
] as const;

export type LogField = (typeof fields)[number];
export type LogFields = { readonly [Field in LogField]?: unknown };
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** The message is a constant sentence; what varies goes into fields. */
export type Log = { readonly [Level in LogLevel]: (message: string, fields?: LogFields) => void } & {
  /** A log whose every line carries these fields: a request's ids, a worker's name. */
  with(fields: LogFields): Log;
};

/** JSON lines on stdout, or wherever `destination` writes. */
export function makeLog(options: { level?: LogLevel | 'silent'; destination?: DestinationStream } = {}): Log {
  const settings = {
    level: options.level ?? 'info',
    base: null,
    timestamp: () => `,"at":"${new Date().toISOString()}"`,
    formatters: { level: (level: string) => ({ level }) },
    messageKey: 'message',
  };
  return bind(options.destination ? pino(settings, options.destination) : pino(settings));
}

function bind(logger: pino.Logger): Log {
  const at = (level: LogLevel) => (message: string, given?: LogFields) => {
    if (logger.isLevelEnabled(level)) logger[level](given ? loggable(given) : {}, withoutSecrets(message));
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (given) => bind(logger.child(loggable(given))),
  };
}

const allowed: ReadonlySet<string> = new Set(fields);

function loggable(given: LogFields): Record<string, unknown> {
  const line: Record<string, unknown> = {};
  const withheld: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!allowed.has(name)) withheld.push(name);
    else line[name] = name === 'error' ? describeError(value) : safe(value);
  }
  if (withheld.length > 0) line['withheld'] = withheld;
  return line;
}

/** Objects are not written: nobody can say what will be in them next year. */
function safe(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return withoutSecrets(value);
    case 'number':
    case 'boolean':
      return value;
    case 'bigint':
      return String(value);
    default:
      if (value === null) return null;
      return Array.isArray(value) ? value.slice(0, 20).map(safe) : `[${typeof value}]`;
  }
}

export type ErrorDescription = {
  readonly type: string;
  readonly code?: string;
  readonly text: string;
  readonly public_text?: string;
  readonly stack?: string;
  readonly cause?: ErrorDescription;
};

/** A fault with its code, its internal and public text and its causes; at most five, because causes can be a circle. */
export function describeError(error: unknown, causesLeft = 5): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, text: withoutSecrets(String(error)) };
  const { code, publicText } = error as Error & { code?: unknown; publicText?: unknown };
  return {
    type: error.name,
    ...(typeof code === 'string' && { code }),
    text: withoutSecrets(error.message),
    ...(typeof publicText === 'string' && { public_text: withoutSecrets(publicText) }),
    ...(error.stack !== undefined && { stack: withoutSecrets(error.stack) }),
    ...(error.cause !== undefined && causesLeft > 0 && { cause: describeError(error.cause, causesLeft - 1) }),
  };
}
