import { startFauxqs } from 'fauxqs';
import type { Service } from './service.ts';

/** A stand-in for Amazon SNS and SQS, in this process; or whatever AWS_ENDPOINT_URL names. */
export async function startSnsSqs(): Promise<Service> {
  const given = process.env['AWS_ENDPOINT_URL'];
  if (given !== undefined) return { url: given, stop: () => Promise.resolve() };
  const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  return { url: server.address, stop: () => server.stop() };
}
