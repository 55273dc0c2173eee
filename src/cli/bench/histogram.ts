/** A histogram of the metrics page: how many lay below each upper bound, which rise. */
export type Buckets = ReadonlyMap<string, number>;

export async function metricsPage(admin: string): Promise<string> {
  return (await fetch(`${admin}/metrics`)).text();
}

/** All series together that have these labels, written as on the page: `event="checkout"`. */
export function bucketsOf(page: string, name: string, labels: string): Buckets {
  const buckets = new Map<string, number>();
  for (const [, of, bound = '', has = '', count] of page.matchAll(
    /^(\w+)_bucket\{le="([^"]+)",(.*)\} (\d+)$/gm,
  )) {
    if (of === name && has.includes(labels)) buckets.set(bound, (buckets.get(bound) ?? 0) + Number(count));
  }
  return buckets;
}

/** How many came meanwhile, and the upper bound of the bucket that holds their 99th percentile: never too low. */
export function between(before: Buckets, after: Buckets): { count: number; p99Ms: number } {
  const during = [...after].map(([bound, count]) => ({ bound, count: count - (before.get(bound) ?? 0) }));
  const count = during.at(-1)?.count ?? 0;
  const bucket = during.find((each) => each.count >= count * 0.99);
  return { count, p99Ms: Math.round(Number(bucket?.bound) * 1e5) / 100 };
}
