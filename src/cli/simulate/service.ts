import { createHash } from 'node:crypto';
import type { Assessment } from '../../domain/risk/assessment.ts';
import type { Deps } from '../../flows/deps.ts';
import { type MerchantId, idFrom } from '../../kernel/ids.ts';
import { type Clock, secondMs } from '../../kernel/instant.ts';
import { createAdyenPsp } from '../../psp/adyen/adyen.ts';
import { type Circuit, circuit } from '../../psp/breaker.ts';
import { type OpenAccount, pspDirectory } from '../../psp/directory.ts';
import { guard } from '../../psp/guarded.ts';
import type { Psp } from '../../psp/psp.ts';
import { createStripePsp } from '../../psp/stripe/stripe.ts';
import type { Question, Risk } from '../../risk/risk.ts';
import type { Store } from '../../store/store.ts';
import { standInAdyen, standInStripeKey } from '../stand-in-psps.ts';
import type { Interleaving, Process } from './interleaving.ts';
import type { Random } from './random.ts';
import { render } from './render.ts';
import { type StandIns, adyenHmacKey, stripeSecret } from './stand-ins.ts';
import { transportTo } from './transport.ts';
import type { Weather } from './weather.ts';

/** The product's own defaults (config.ts). */
const timeoutMs = 10 * secondMs;
const leaseMs = 20 * secondMs;

/** One process of the service as it starts: adapters, guards and circuits of its own, and a clock that may lie. */
export type Server = { readonly process: Process; readonly deps: Deps; skewMs: number };

export type Around = {
  readonly random: Random;
  readonly steps: Interleaving;
  readonly standIns: StandIns;
  /** Already stepped through (gates.ts). */
  readonly store: Store;
  readonly merchantId: MerchantId;
  readonly weather: () => Weather;
  /** What is wrong with the service on purpose. */
  readonly breaks: (deps: Deps) => Deps;
};

/** The processes behind the load balancer. */
export type Fleet = {
  /** Whichever the load balancer chooses. */
  readonly any: () => Server;
  readonly all: () => readonly Server[];
  /** One of them is killed, and another takes its place. */
  readonly die: () => void;
};

const servers = 2;

export function startFleet(around: Around): Fleet {
  const { random, steps } = around;
  const running = Array.from({ length: servers }, (_, index) => startServer(`server ${index + 1}`, around));
  return {
    any: () => random.pick(running),
    all: () => running,
    die: () => {
      const place = random.between(0, servers - 1);
      const dying = running[place];
      if (dying === undefined) return;
      steps.kill(dying.process);
      running[place] = startServer(dying.process.name, around);
    },
  };
}

function startServer(name: string, around: Around): Server {
  const { random, steps, standIns, store, merchantId } = around;
  const server = { process: { name, alive: true }, skewMs: 0 };
  const clock: Clock = () => steps.now() + server.skewMs;
  const pause = (ms: number): Promise<void> => {
    steps.pass(ms);
    return Promise.resolve();
  };
  const open = (psp: 'stripe' | 'adyen', create: (way: Way) => Psp): OpenAccount => {
    const breaker: Circuit = circuit(clock);
    const { heard } = breaker;
    const transport = transportTo(psp, standIns.doors[psp], around, { timeoutMs, heard });
    const limits = { each: { perSecond: 25, burst: 25 } };
    const guarded = guard(create({ transport, heard, timeoutMs, clock }), {
      limits,
      waitMsMax: 2 * secondMs,
      circuit: breaker,
      clock,
      pause,
    });
    return { merchantId, psp: guarded, circuit: breaker };
  };
  const stripe = {
    account: 'default',
    secretKey: standInStripeKey,
    webhookSecrets: [stripeSecret],
    baseUrl: 'http://stripe.simulated',
  };
  const adyen = { ...standInAdyen, hmacKeys: [adyenHmacKey], environment: 'test' } as const;
  const deps: Deps = {
    store,
    risk: riskOf(random, steps),
    desk: notHere,
    psps: pspDirectory([
      open('stripe', (way) => createStripePsp({ ...stripe, ...way })),
      open('adyen', (way) => createAdyenPsp({ ...adyen, ...way })),
    ]),
    clock,
    newId: (prefix) => idFrom(prefix, clock(), random.bytes(10)),
    render,
    failpoint: () => undefined,
    leaseMs,
    publicUrl: 'http://shop.simulated',
    fieldsOf: () => [],
    calls: notHere,
  };
  return Object.assign(server, { deps: around.breaks(deps) });
}

type Way = Pick<Parameters<typeof createStripePsp>[0], 'heard' | 'timeoutMs' | 'clock'> & {
  readonly transport: ReturnType<typeof transportTo>;
};

/** No purchase asks for it. */
const notHere: never = new Proxy({}, {}) as never;

/** Chance instead of a model: every decision has to be lived with. */
function riskOf(random: Random, steps: Interleaving): Risk {
  return {
    observe: () => undefined,
    assess: (question) =>
      steps.call('risk.assess', () =>
        Promise.resolve(
          judged(question, {
            decision: random.weighted([
              [80, 'allow'],
              [7, 'challenge'],
              [9, 'review'],
              [4, 'block'],
            ]),
            exemptions: random.chance(0.3) ? ['transaction_risk_analysis', 'low_value'] : [],
          }),
        ),
      ),
  };
}

const nobody = createHash('sha256').digest('hex');

function judged(
  { id, merchantId, event, at }: Question,
  said: Pick<Assessment, 'decision' | 'exemptions'>,
): Assessment {
  return {
    ...{ id, merchantId, event, at, ...said },
    score: null,
    reasons: [],
    rulesFired: [],
    rulesFailed: [],
    rulesSnoozed: [],
    features: {},
    findings: {},
    entities: {},
    versions: { model: null, policy: nobody, features: nobody, referenceData: {} },
    degraded: [],
    shadows: [],
  };
}
