import { residentMb } from '../bench/processes.ts';

/** Looks at a process every second. `slope` ends it: the megabytes a minute that the least squares find. */
export function watchMemory(pid: number): { slope: () => number } {
  const began = performance.now();
  const samples: { minute: number; mb: number }[] = [];
  const timer = setInterval(() => {
    samples.push({ minute: (performance.now() - began) / 60_000, mb: residentMb(pid) });
  }, 1_000);
  return {
    slope: () => {
      clearInterval(timer);
      const mean = (of: (sample: (typeof samples)[number]) => number): number =>
        samples.reduce((sum, each) => sum + of(each), 0) / samples.length;
      const minute = mean((each) => each.minute);
      const mb = mean((each) => each.mb);
      const together = mean((each) => (each.minute - minute) * (each.mb - mb));
      const spread = mean((each) => (each.minute - minute) ** 2);
      return Math.round((together / spread) * 10) / 10;
    },
  };
}
