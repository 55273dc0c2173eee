import { z } from 'zod';
import { snoozeShown, toWireSnooze } from '../codec/entry.ts';
import { route } from '../route.ts';

/** Snoozes are few and end by themselves. */
const snoozesMax = 500;

export const listSnoozes = route({
  operationId: 'listSnoozes',
  method: 'get',
  path: '/v1/snoozes',
  tag: 'Snoozes',
  summary: 'List the snoozes',
  description: 'The newest first, up to 500, with those that expired or were removed.',
  scope: 'policies',
  reply: {
    status: 200,
    schema: z.strictObject({ snoozes: z.array(snoozeShown) }).meta({ id: 'SnoozeList' }),
    description: 'The snoozes.',
  },
  handle: async ({ deps, caller }) => {
    const entries = await deps.store.entries.list(caller.merchantId, 'snooze', null, snoozesMax);
    return { document: { snoozes: entries.map((entry) => toWireSnooze(entry, deps.clock())) } };
  },
});
