/** One step of one trace, as W3C Trace Context names it. The ids are lower-case hexadecimal and never all zero. */
export type Trace = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly sampled: boolean;
};

export type RandomBytes = (size: number) => Uint8Array;

/** What a finished step looks like to whoever collects them; an OTLP exporter is a function of this type. */
export type Span = {
  readonly trace: Trace;
  readonly name: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
};
export type ExportSpan = (span: Span) => void;

const traceparent = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Continues the caller's trace, or starts one when there is no valid traceparent. Version 00 has exactly four parts,
 * later versions may append some, ff is invalid. Source: W3C Trace Context level 1, section 3.2.
 */
export function traceFrom(header: string | undefined, random: RandomBytes): Trace {
  const [, version, traceId = '', parentId = '', flags = '', more] = traceparent.exec(header ?? '') ?? [];
  const valid =
    version !== undefined &&
    version !== 'ff' &&
    !(version === '00' && more !== undefined) &&
    !isZero(traceId) &&
    !isZero(parentId);
  if (!valid)
    return { traceId: hexId(16, random), spanId: hexId(8, random), parentId: undefined, sampled: true };
  return { traceId, spanId: hexId(8, random), parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function childOf(trace: Trace, random: RandomBytes): Trace {
  return { ...trace, spanId: hexId(8, random), parentId: trace.spanId };
}

/** The header that hands the trace on: to a PSP, into an outbox row, to a webhook. */
export function toTraceparent({ traceId, spanId, sampled }: Trace): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** Measures one step of the trace and exports it, however the step ends. */
export async function inSpan<T>(
  { trace, name, attributes = {} }: { trace: Trace; name: string; attributes?: Span['attributes'] },
  deps: { random: RandomBytes; now: () => number; exportSpan: ExportSpan },
  step: (child: Trace) => Promise<T>,
): Promise<T> {
  const child = childOf(trace, deps.random);
  const startedAtMs = deps.now();
  try {
    return await step(child);
  } finally {
    if (child.sampled)
      deps.exportSpan({ trace: child, name, startedAtMs, endedAtMs: deps.now(), attributes });
  }
}

function hexId(size: number, random: RandomBytes): string {
  const id = Buffer.from(random(size)).toString('hex');
  // The specification forbids all zeros; a broken source of randomness must not make an invalid header.
  return isZero(id) ? id.slice(1) + '1' : id;
}

function isZero(id: string): boolean {
  return /^0+$/.test(id);
}
