/** Asks, and answers `away` where that fails or is late: whoever asks decides by itself then. */
export type Patience = <T>(ask: () => Promise<T>) => Promise<T | 'away'>;

/** Redis answers in 0.1 ms. With the 30 ms for histories (src/risk/velocity/redis.ts) no request waits for it longer than 50. */
const answerMsMax = 20;

/** After a failure nobody asks for this long; then one does, and the others as soon as that one was answered. */
const restMs = 1_000;

/** An answer that is late may still have had its effect. */
export function patience({
  onFailure,
  msMax = answerMsMax,
  now = Date.now,
}: {
  readonly onFailure: () => void;
  readonly msMax?: number;
  readonly now?: () => number;
}): Patience {
  let restingUntil = 0;
  const rest = (): void => void (restingUntil = now() + restMs);
  return async (ask) => {
    if (now() < restingUntil) return 'away';
    if (restingUntil > 0) rest();
    try {
      const answer = await within(msMax, ask());
      restingUntil = 0;
      return answer;
    } catch {
      // What exactly broke is in the log of the connection.
      rest();
      onFailure();
      return 'away';
    }
  };
}

async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // After a stall of this process the answer may lie in the socket unread: it has one more turn to arrive.
    timer = setTimeout(() => setImmediate(reject, new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
