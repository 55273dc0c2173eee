import type { Driven } from './drive-order.ts';

/** What a replay prints last; the names are those of the command's documentation. */
export type Figures = {
  readonly orders: number;
  readonly captured: number;
  readonly challenged: number;
  readonly reviewed: number;
  readonly blocked: number;
  readonly declined: number;
  /** Orders that are none to this API: nothing to pay. */
  readonly refused: number;
  readonly failed: number;
  readonly captured_minor: number;
};

export function count(driven: readonly Driven[]): Figures {
  const ends = (end: Driven['end']): number => driven.filter((each) => each.end === end).length;
  return {
    orders: driven.length,
    captured: ends('captured'),
    challenged: driven.filter(({ challenged }) => challenged).length,
    reviewed: ends('reviewed'),
    blocked: ends('blocked'),
    declined: ends('declined'),
    refused: ends('refused'),
    failed: ends('failed'),
    captured_minor: driven.reduce((sum, { capturedMinor }) => sum + capturedMinor, 0),
  };
}

export type Percentiles = { readonly p50: number; readonly p95: number; readonly p99: number };

/** By the nearest rank; null when nothing was measured. */
export function percentiles(values: readonly number[]): Percentiles | null {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return sorted.length === 0 ? null : { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/**
 * Percentiles of a histogram on a Prometheus page, in milliseconds: within the bucket as if it were filled evenly, as
 * Prometheus itself estimates. Null when nothing was measured, or it was slower than the last bucket.
 */
export function histogramPercentiles(page: string, name: string, label: string): Percentiles | null {
  const lines = page.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)",${label}\\} (\\d+)$`, 'gm'));
  const buckets = [...lines].map(([, le, n]) => ({
    le: le === '+Inf' ? Infinity : Number(le),
    n: Number(n),
  }));
  const total = buckets.at(-1)?.n ?? 0;
  const at = (share: number): number => {
    const rank = share * total;
    const index = buckets.findIndex(({ n }) => n >= rank);
    const { le, n } = buckets[index] ?? { le: Infinity, n: 0 };
    const { le: from, n: below } = buckets[index - 1] ?? { le: 0, n: 0 };
    return (from + ((le - from) * (rank - below)) / (n - below)) * 1000;
  };
  const found = { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  return total === 0 || !Number.isFinite(found.p99) ? null : found;
}

export function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 100) / 100;
}
