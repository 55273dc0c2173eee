import { parseArgs } from 'node:util';
import { startAdyenSandbox } from './adyen/adyen.ts';
import { startStripeSandbox } from './stripe/server.ts';

/**
 * The stand-in PSPs in a process of their own. Prints one JSON line with their URLs when they are ready; ends with
 * its standard input or on SIGTERM.
 */
const { values } = parseArgs({
  options: {
    'stripe-port': { type: 'string', default: '0' },
    'adyen-port': { type: 'string', default: '0' },
    data: { type: 'string' },
    'latency-ms': { type: 'string', default: '0' },
  },
});
const data = values.data === undefined ? {} : { dataDir: values.data };
const latencyMs = Number(values['latency-ms']);

const sandboxes = {
  stripe: await startStripeSandbox({ port: Number(values['stripe-port']), latencyMs, ...data }),
  adyen: await startAdyenSandbox({ port: Number(values['adyen-port']), latencyMs, ...data }),
};

const urls = Object.fromEntries(Object.entries(sandboxes).map(([psp, { url }]) => [psp, url]));
process.stdout.write(`${JSON.stringify({ ready: true, ...urls })}\n`);

async function stop(): Promise<void> {
  await Promise.all(Object.values(sandboxes).map((each) => each.close()));
  process.exit(0);
}
process.once('SIGTERM', () => void stop());
process.once('SIGINT', () => void stop());
process.stdin.once('end', () => void stop());
process.stdin.resume();
