import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** The migrated, empty database that every test database is a copy of. */
export const templateName = 'tillgate_template';

export type FreshDatabase = { readonly url: string; readonly drop: () => Promise<void> };

/** A migrated, empty database of the caller's own: usually one per test file, dropped in its `afterAll`. */
export async function freshDatabase(template = templateName): Promise<FreshDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(`create database ${name} template ${template} strategy file_copy`);
  const url = new URL(serverUrl());
  url.pathname = name;
  return { url: url.href, drop: () => administer(`drop database ${name} with (force)`) };
}

/** The environment variable with the URL of a jest worker's server; workers are counted from 1. */
export const databaseVariable = (worker: string | number): string => `TILLGATE_TEST_DATABASE_URL_${worker}`;

/** The server of this worker. */
export function serverUrl(): string {
  const url = process.env[databaseVariable(process.env['JEST_WORKER_ID'] ?? '')];
  if (url === undefined)
    throw new Error('there is no test database: this file is in a pure area (jest.config.js)');
  return url;
}

async function administer(statement: string): Promise<void> {
  const client = new Client(serverUrl());
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
