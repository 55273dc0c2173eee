import type { ModelFiles } from './files.ts';

/** Turns the trees' log-odds into a probability of fraud. */
export type Calibrate = (logOdds: number) => number;

export function calibrationFrom(calibration: ModelFiles['calibration']): Calibrate {
  if (calibration.method === 'platt')
    return (logOdds) => 1 / (1 + Math.exp(-(calibration.slope * logOdds + calibration.intercept)));
  const { log_odds: xs, probability: ys } = calibration;
  return (logOdds) => interpolate(xs, ys, logOdds);
}

/** Straight lines between ascending points, level beyond the first and the last. */
function interpolate(xs: readonly number[], ys: readonly number[], x: number): number {
  let low = 0;
  let high = xs.length - 1;
  if (x <= (xs[low] ?? 0)) return ys[low] ?? NaN;
  if (x >= (xs[high] ?? 0)) return ys[high] ?? NaN;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((xs[middle] ?? 0) <= x) low = middle;
    else high = middle;
  }
  const [x0 = 0, x1 = 1, y0 = 0, y1 = 0] = [xs[low], xs[high], ys[low], ys[high]];
  return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
}
