/** No request waits longer than this for Redis, which answers in 0.1 ms; what asked then decides in this process. */
const patienceMs = 50;

/** The answer, or `late`. A late answer may still have had its effect; one that fails throws. */
export async function inTime<T>(answer: Promise<T>): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), patienceMs);
  });
  // Nobody listens to an answer that fails after it was late; it must not become an unhandled rejection.
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
