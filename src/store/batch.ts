/** What is asked, and what makes asks alike: only those of one kind can be answered together. */
export type Batched<Ask, Answer> = (kind: string, ask: Ask) => Promise<Answer>;

type Waiting<Ask, Answer> = {
  readonly ask: Ask;
  readonly since: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (fault: unknown) => void;
};

/** Two, so that one batch can be on its way while the database works on the other. */
const inFlightMax = 2;

/** Who has waited this long behind a batch that then failed fails with it: the next one would keep it waiting as long. */
const lateMs = 1_000;

/**
 * Joins what is asked at the same time. The first ask of a kind goes at once; what comes while two batches are under way
 * waits and goes together. So an idle service answers as fast as without, and a busy one pays for a round trip, a plan and
 * a commit once for many.
 *
 * Batches have a power of two of asks, at most `sizeMax`: each size is a statement of its own that every connection has
 * to plan. `run` answers in the order of the asks, and rejects only when nothing at all was done.
 */
export function batched<Ask, Answer>(
  sizeMax: number,
  run: (asks: readonly Ask[]) => Promise<readonly Answer[]>,
): Batched<Ask, Answer> {
  const queues = new Map<string, { waiting: Waiting<Ask, Answer>[]; inFlight: number }>();

  const send = async (kind: string): Promise<void> => {
    const queue = queues.get(kind);
    if (queue === undefined || queue.inFlight >= inFlightMax || queue.waiting.length === 0) return;
    const batch = queue.waiting.splice(0, sizeOf(queue.waiting.length, sizeMax));
    queue.inFlight += 1;
    try {
      const answers = await run(batch.map(({ ask }) => ask));
      batch.forEach(({ resolve }, index) => resolve(answers[index] as Answer));
    } catch (fault) {
      const late = performance.now() - lateMs;
      const behind = queue.waiting.splice(0, queue.waiting.filter(({ since }) => since < late).length);
      for (const { reject } of [...batch, ...behind]) reject(fault);
    } finally {
      queue.inFlight -= 1;
      if (queue.waiting.length === 0 && queue.inFlight === 0) queues.delete(kind);
      else void send(kind);
    }
  };

  return (kind, ask) =>
    new Promise((resolve, reject) => {
      let queue = queues.get(kind);
      if (queue === undefined) {
        queue = { waiting: [], inFlight: 0 };
        queues.set(kind, queue);
      }
      queue.waiting.push({ ask, since: performance.now(), resolve, reject });
      void send(kind);
    });
}

/** The largest power of two that is there, within the bound. */
function sizeOf(waiting: number, sizeMax: number): number {
  let size = 1;
  while (size * 2 <= Math.min(waiting, sizeMax)) size *= 2;
  return size;
}
