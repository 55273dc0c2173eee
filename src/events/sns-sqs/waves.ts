import type { Message } from '../sink.ts';

/** What one request may carry, by number. */
const requestMax = 10;

/**
 * Cuts a batch into waves of requests: each wave has at most one message of a key, in the order of the batch; a request
 * has at most ten messages and `bytesMax` bytes.
 */
export function waves(batch: readonly Message[], bytesMax: number): Message[][][] {
  const seen = new Map<string, number>();
  const cut: Message[][][] = [];
  for (const message of batch) {
    const key = message.event.aggregate.id;
    const nth = seen.get(key) ?? 0;
    seen.set(key, nth + 1);
    const wave = (cut[nth] ??= []);
    const last = wave.at(-1);
    if (last !== undefined && last.length < requestMax && bytesOf(last) + bytesOf([message]) <= bytesMax)
      last.push(message);
    else wave.push([message]);
  }
  return cut;
}

function bytesOf(messages: readonly Message[]): number {
  return messages.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
}
