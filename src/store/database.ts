import pg from 'pg';
import { StoreFault } from './fault.ts';
import type { Sql } from './sql.ts';
import { type Statement, named } from './statement.ts';

/** A pool of connections on which every statement is its own transaction. */
export type Database = {
  readonly rows: (statement: Sql) => Promise<readonly unknown[]>;
  readonly run: (statement: Statement) => Promise<readonly unknown[]>;
  readonly close: () => Promise<void>;
};

export type DatabaseSettings = {
  readonly url: string;
  readonly poolMax: number;
  /** A statement that runs longer is stopped by the server; no money statement needs a second. */
  readonly statementTimeoutMs: number;
  /** How long a request waits for a connection before it is told to come back. */
  readonly connectTimeoutMs: number;
  readonly onIdleFault: (fault: Error) => void;
};

/**
 * Every statement of ours goes by a key. A planner without statistics (a young table, a fresh installation) would rather
 * read all of a small table, or sort all that an index finds, keep that plan, and still do so when the table has a million
 * rows.
 */
export const planByKey: Readonly<Record<string, string>> = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  plan_cache_mode: 'force_generic_plan',
};

/**
 * What a connection may rely on, as `?pgbouncer=` of the URL says. PgBouncer in transaction mode takes no settings from
 * connections (migrate.ts leaves them with the role) and gives each statement whichever connection is free, where one
 * that was planned under a name elsewhere is not known. From 1.21 on it brings names along, if it is told to.
 */
export function poolingOf(url: string): { readonly settings: boolean; readonly names: boolean } {
  const mode = new URL(url).searchParams.get('pgbouncer');
  return { settings: mode === null, names: mode === null || mode === 'named' };
}

/** A server that did not stop the statement by then is frozen or cut off: the connection is given up, and the end unknown. */
const silentMsMax = 1_000;

const int8 = 20;
const timestamptz = 1184;

export function openDatabase(settings: DatabaseSettings): Database {
  const types = new pg.TypeOverrides();
  types.setTypeParser(int8, (text) => BigInt(text));
  types.setTypeParser(timestamptz, (text) => Date.parse(text));
  const pooling = poolingOf(settings.url);
  const options = Object.entries(planByKey).map(([name, value]) => `-c ${name}=${value}`);
  const pool = new pg.Pool({
    connectionString: settings.url,
    max: settings.poolMax,
    query_timeout: settings.statementTimeoutMs + silentMsMax,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    application_name: 'tillgate',
    ...(pooling.settings && { statement_timeout: settings.statementTimeoutMs, options: options.join(' ') }),
    types,
  });
  pool.on('error', settings.onIdleFault);
  const run = async (statement: Statement): Promise<readonly unknown[]> => {
    const { text, values } = statement;
    try {
      const result = await pool.query(pooling.names ? statement : { text, values });
      return result.rows as unknown[];
    } catch (cause) {
      throw isError(cause) ? new StoreFault(cause) : cause;
    }
  };
  return {
    rows: (statement) => run(named(statement)),
    run,
    close: () => pool.end(),
  };
}

/** For commands and tests: they can wait, and have nobody to tell of an idle connection that broke. */
export function openPatiently(url: string, poolMax = 1): Database {
  return openDatabase({
    url,
    poolMax,
    statementTimeoutMs: 60_000,
    connectTimeoutMs: 10_000,
    onIdleFault: () => undefined,
  });
}

/** Not `instanceof`: under the test runner the driver's errors come from another realm. */
function isError(cause: unknown): cause is Error & { code?: string; constraint?: string } {
  return typeof cause === 'object' && cause !== null && 'message' in cause && 'stack' in cause;
}
