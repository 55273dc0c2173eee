import { unreachable } from '../kernel/unreachable.ts';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { metricCatalogue, type MetricCatalogue, type MetricDeclaration } from './metric-catalogue.ts';

type Labels<D extends MetricDeclaration> = Readonly<Record<D['labels'][number], string>>;

type Handle<D extends MetricDeclaration> = D['kind'] extends 'counter'
  ? { readonly add: (labels: Labels<D>, by?: number) => void }
  : D['kind'] extends 'gauge'
    ? {
        readonly set: (labels: Labels<D>, value: number) => void;
        readonly add: (labels: Labels<D>, by: number) => void;
      }
    : { readonly observe: (labels: Labels<D>, value: number) => void };

/** One handle per declared metric, and the page that Prometheus reads. */
export type Metrics = { readonly [Name in keyof MetricCatalogue]: Handle<MetricCatalogue[Name]> } & {
  readonly contentType: string;
  readonly page: () => Promise<string>;
  /** Stops measuring the event loop. */
  readonly close: () => void;
};

/** A registry of its own, so that two services in one process (and two tests) do not share numbers. */
export function makeMetrics(): Metrics {
  const registry = new Registry();
  const handles = Object.fromEntries(
    Object.entries(metricCatalogue).map(([name, declared]) => [name, register(registry, name, declared)]),
  );
  const close = measureLoop(registry);
  return {
    ...(handles as { [Name in keyof MetricCatalogue]: Handle<MetricCatalogue[Name]> }),
    contentType: registry.contentType,
    page: () => registry.metrics(),
    close,
  };
}

type AnyHandle = Handle<MetricDeclaration & { kind: 'counter' }> | object;

function register(registry: Registry, name: string, declared: MetricDeclaration): AnyHandle {
  const labelNames = [...declared.labels];
  const settings = { name: `tillgate_${name}`, help: declared.help, labelNames, registers: [registry] };
  switch (declared.kind) {
    case 'counter': {
      const counter = new Counter(settings);
      return { add: (labels: Record<string, string>, by = 1) => counter.inc(labels, by) };
    }
    case 'gauge': {
      const gauge = new Gauge(settings);
      return {
        set: (labels: Record<string, string>, value: number) => gauge.set(labels, value),
        add: (labels: Record<string, string>, by: number) => gauge.inc(labels, by),
      };
    }
    case 'histogram': {
      const histogram = new Histogram({ ...settings, buckets: [...declared.buckets] });
      return { observe: (labels: Record<string, string>, value: number) => histogram.observe(labels, value) };
    }
    default:
      return unreachable(declared);
  }
}

/** Sampled every 20 ms; the worst and the typical delay since the last visit of Prometheus, plus memory and CPU. */
function measureLoop(registry: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const registers = [registry];
  new Gauge({
    name: 'tillgate_event_loop_delay_seconds',
    help: 'Event loop delay since the last scrape, by quantile.',
    labelNames: ['quantile'],
    registers,
    collect() {
      for (const quantile of [50, 99, 100]) {
        const ns = delay.percentile(quantile);
        this.set({ quantile: String(quantile / 100) }, Number.isFinite(ns) ? ns / 1e9 : 0);
      }
      delay.reset();
    },
  });
  new Gauge({
    name: 'tillgate_memory_bytes',
    help: 'Memory of the process: resident set and used JavaScript heap.',
    labelNames: ['kind'],
    registers,
    collect() {
      const { rss, heapUsed } = process.memoryUsage();
      this.set({ kind: 'rss' }, rss);
      this.set({ kind: 'heap' }, heapUsed);
    },
  });
  new Gauge({
    name: 'tillgate_cpu_seconds',
    help: 'CPU time the process has used since it started.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.set((user + system) / 1e6);
    },
  });
  return () => void delay.disable();
}
