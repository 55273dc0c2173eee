import { type Config, ConfigRefused } from './config.ts';
import { startEventRelays } from './event-relays.ts';
import { webhookCalls } from './events/webhooks/calls.ts';
import type { MerchantKeys } from './flows/create-merchant.ts';
import type { Deps } from './flows/deps.ts';
import { followEntries } from './flows/follow-entries.ts';
import { followEventFields } from './flows/follow-event-fields.ts';
import { followPolicies } from './flows/follow-policies.ts';
import { makeAdmin } from './http/admin.ts';
import { authenticator } from './http/authenticate.ts';
import { addCspReports } from './http/csp-reports.ts';
import { addDocs } from './http/docs.ts';
import { type Door, makeApp } from './http/door.ts';
import { addressReader } from './http/edge/address.ts';
import { apiHeaders } from './http/edge/headers.ts';
import { loadShed } from './http/edge/shed.ts';
import { type HttpServer, createHttpServer } from './http/edge/server.ts';
import { addPages } from './http/pages.ts';
import { problemSender } from './http/problem.ts';
import { attackNews } from './http/rate-limit/attack-news.ts';
import { openGate } from './http/rate-limit/open-gate.ts';
import { render } from './http/render/render.ts';
import { addReturnPage } from './http/return-page.ts';
import { routes } from './http/routes.ts';
import { streamEvents } from './http/routes/stream-events.ts';
import { addWebhooks } from './http/webhooks.ts';
import { type MerchantId, idFrom } from './kernel/ids.ts';
import { failpointAt } from './observe/failpoint.ts';
import type { Log } from './observe/log.ts';
import { makeMetrics } from './observe/metrics.ts';
import { randomSource } from './observe/random.ts';
import { pspDirectory } from './psp/directory.ts';
import { openRouting } from './psp/routing-file.ts';
import { openVelocity } from './open-velocity.ts';
import { measuredAccount, measuredStore } from './measured.ts';
import { accountsOf } from './psp-accounts.ts';
import { openRisk } from './risk/open-risk.ts';
import { openDatabase } from './store/database.ts';
import { postgresStore } from './store/postgres-store.ts';
import { startMeasuring } from './workers/measure-money.ts';
import { startWorkers } from './workers/workers.ts';

export type Service = {
  readonly api: string;
  readonly admin: string;
  /** Finishes what is in flight, then lets go of everything. Answers how many requests had to be cut off. */
  readonly close: () => Promise<number>;
  /** Reads policies and models again: what SIGHUP does. */
  readonly reload: () => Promise<boolean>;
  /** Deps, for a first start that has to create the merchant. */
  readonly deps: Deps;
};

/** How long a drain waits: longer than any request may take. */
const drainMs = 20_000;

/**
 * Puts the parts together and opens the doors. This is the only place that knows every implementation. `demoKeys`: open
 * a demo shop that works with these keys; only ever where stand-in PSPs take the payments.
 */
export async function startService(
  config: Config,
  merchantId: MerchantId,
  log: Log,
  demoKeys: MerchantKeys | null = null,
): Promise<Service> {
  const clock = Date.now;
  const random = randomSource();
  const newId: Deps['newId'] = (prefix) => idFrom(prefix, clock(), random(10));
  const metrics = makeMetrics();
  const database = openDatabase({
    url: config.databaseUrl,
    poolMax: config.poolMax,
    statementTimeoutMs: config.databaseTimeoutMs,
    connectTimeoutMs: 5_000,
    onIdleFault: (error) => log.warn('an idle database connection broke', { error }),
  });
  const store = measuredStore(postgresStore(database), metrics);
  const newsOf = attackNews({ newId, clock });
  const gate = openGate({
    policies: config.policies,
    redisUrl: config.redisUrl,
    secret: config.secret,
    challenges: config.challenges,
    challengeRounds: config.challengeRounds,
    log,
    metrics,
    clock,
    onAttack: (change) => {
      store.events
        .append([newsOf(change)])
        .catch((error: unknown) => log.error('the news of an attack was not stored', { error }));
    },
  });
  const risk = await openRisk({
    policies: config.policies,
    models: config.models,
    secret: config.secret,
    velocity: await openVelocity(config, store, log),
    deadlineMs: config.assessmentDeadlineMs,
    log,
    assessed: (event, seconds) => metrics.assessment_seconds.observe({ event }, seconds),
    degraded: (part) => metrics.risk_degraded_total.add({ part }),
    // The limits lie beside the policies and are read again whenever those are.
    generation: (accepted) => metrics.policy_refused.set({}, gate.reload() && accepted ? 0 : 1),
  });
  const accounts = (await accountsOf(config, merchantId)).map((each) => measuredAccount(each, metrics));
  const routing = await openRouting(
    `${config.policies}/routing.yaml`,
    accounts.map(({ psp }) => `${psp.name}/${psp.account}`),
  );
  const calls = webhookCalls({
    installationSecret: config.secret,
    allowed: { loopback: config.events.webhooksToLoopback },
    timeoutMs: 15_000,
  });
  const eventFields = followEventFields(store);
  const deps: Deps = {
    store,
    risk: risk.risk,
    desk: risk.desk,
    psps: pspDirectory(accounts, routing),
    clock,
    newId,
    render,
    failpoint: failpointAt(config.failpoint),
    leaseMs: config.leaseMs,
    publicUrl: config.publicUrl,
    fieldsOf: eventFields.fieldsOf,
    calls,
  };
  const headers = apiHeaders();
  const shed = loadShed({ onShed: (of) => metrics.http_shed_total.add({ class: of }) });
  const door: Door = {
    deps,
    gate,
    shed,
    authenticate: authenticator(store.merchants, clock, log),
    readAddress: addressReader(config.trustedProxies),
    log,
    metrics,
    headers,
    sendProblem: problemSender({ docsUrl: '/docs', headers }),
    random,
  };
  const learn = [followEntries(deps), followPolicies(deps), eventFields.follow];
  const follow = async (): Promise<void> => {
    for (const each of learn) await each();
  };
  // Before the first request: who is on a block list stays there over a restart.
  await follow();
  const workers = startWorkers(deps, log, random, follow, config.goodAfterMs);
  const measuring = startMeasuring(deps, accounts, log, metrics);
  const relays = await startEventRelays(config.events, deps, log, metrics);
  const streams = new AbortController();
  const app = makeApp(door, routes, (extended) => {
    addWebhooks(extended, door, workers.wakeDeliveries);
    addReturnPage(extended, door);
    streamEvents(extended, door, streams.signal);
    addCspReports(extended, door);
    addDocs(extended);
    addPages(extended, door, demoKeys);
  });
  let draining = false;
  const api = createHttpServer(app);
  const admin = createHttpServer(makeAdmin(metrics, { database: store.ping }, () => draining, log));

  const close = async (): Promise<number> => {
    draining = true;
    streams.abort();
    const cut = await api.close(drainMs);
    await Promise.all([workers.stop(), measuring.stop()]);
    await relays.stop();
    await calls.close();
    await admin.close(1_000);
    await risk.close();
    gate.close();
    shed.close();
    metrics.close();
    await database.close();
    return cut;
  };
  try {
    return {
      api: await listen(api, config.host, config.port, 'PORT'),
      admin: await listen(admin, config.adminHost, config.adminPort, 'ADMIN_PORT'),
      deps,
      reload: risk.reload,
      close,
    };
  } catch (error) {
    // The workers have begun already.
    await close();
    throw error;
  }
}

async function listen(http: HttpServer, host: string, port: number, variable: string): Promise<string> {
  const taken = await http.listen(port, host).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigRefused([`${variable}: cannot listen on ${host}:${port}: ${why}`]);
  });
  return `http://${host.includes(':') ? `[${host}]` : host}:${taken}`;
}
