import type { Request } from 'express';
import type { Trace } from '../flows/deps.ts';
import { type RandomBytes, toTraceparent, traceFrom } from '../observe/trace.ts';

/** The caller's trace goes on here, or a new one begins. */
export function traceOf(of: Trace['of'], request: Request, random: RandomBytes): Trace {
  return { of, traceparent: toTraceparent(traceFrom(request.get('traceparent'), random)) };
}
