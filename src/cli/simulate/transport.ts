import type { Answer } from '../../sandbox/answer.ts';
import type { Fault, FaultScript } from '../../sandbox/fault-script.ts';
import type { Incoming, Reply } from '../../sandbox/http-server.ts';
import { type Exchange, type Heard, type Transport, TransportFailure } from '../../psp/transport.ts';
import { minuteMs } from '../../kernel/instant.ts';
import type { Interleaving } from './interleaving.ts';
import type { Random } from './random.ts';
import type { Weather } from './weather.ts';

/** A stand-in in this process: what would come over its socket, and its script of faults. */
export type Door = {
  readonly answer: (incoming: Incoming, reply: Reply) => void;
  readonly faults: FaultScript;
};

/** The way to a stand-in without a network. Its faults are played in virtual time. */
export function transportTo(
  name: string,
  door: Door,
  { random, steps, weather }: { random: Random; steps: Interleaving; weather: () => Weather },
  { timeoutMs, heard }: { readonly timeoutMs: number; readonly heard: Heard },
): Transport {
  const ask = (request: Exchange, fault?: Fault): { answer: Answer; fault: Fault | undefined } => {
    door.faults.clear();
    if (fault !== undefined) door.faults.add(fault);
    let said: { answer: Answer; fault: Fault | undefined } | undefined;
    door.answer(incomingOf(request), (answer, spoilt) => {
      said = { answer, fault: spoilt };
    });
    door.faults.clear();
    if (said === undefined) throw new Error(`${name} answers later, which the simulation has no time for`);
    return said;
  };
  const unheard = (why: string, sent = true): never => {
    heard(false);
    throw new TransportFailure(sent, why);
  };

  const exchange = (request: Exchange): Answer => {
    steps.pass(random.between(20, 300));
    const met = weather();
    if (met === 'no_connection') return unheard('connection refused', false);
    if (met === 'late') {
      void steps.sleep(random.between(0, minuteMs)).then(() => ask(request));
      steps.pass(timeoutMs);
      return unheard(`no answer in ${timeoutMs} ms`);
    }
    const { answer, fault } = ask(request, met === 'fine' ? undefined : met);
    const plainly = (): Answer => {
      heard(answer.status < 500 && answer.status !== 429);
      return answer;
    };
    if (fault === undefined) return plainly();
    switch (fault.do) {
      case 'error':
      case 'rate_limit':
      case 'lock_timeout':
        return plainly();
      case 'truncate':
        heard(true);
        return { ...answer, body: answer.body.slice(0, Math.ceil(answer.body.length / 2)) };
      case 'html':
        heard(false);
        return {
          status: fault.status ?? 200,
          headers: { 'content-type': 'text/html' },
          body: '<html></html>',
        };
      case 'alter':
        heard(true);
        return { ...answer, body: JSON.stringify({ ...(JSON.parse(answer.body) as object), ...fault.set }) };
      case 'hang':
        steps.pass(timeoutMs);
        return unheard(`no answer in ${timeoutMs} ms`);
      // The connection breaks, or what comes is of no use.
      default:
        return unheard(fault.do);
    }
  };
  return {
    exchange: (request) =>
      steps.call(`${name} ${request.method} ${request.path.split('?', 1).join('')}`, () =>
        Promise.resolve().then(() => exchange(request)),
      ),
    close: () => Promise.resolve(),
  };
}

function incomingOf({ method, path, headers, body = '' }: Exchange): Incoming {
  const [target = '', query = ''] = path.split('?', 2);
  const lowered = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return { method, path: target, query, headers: Object.fromEntries(lowered) as Incoming['headers'], body };
}
