/** Defines metrics whose values are read when they are scraped, not kept here: they cannot differ from their source. */
import { Counter, Gauge, type Registry } from 'prom-client';

/** Label values in the order of the metric's labels. */
export type Sample = readonly [labels: readonly string[], value: number];

export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Called for each scrape. Samples with equal labels are added up, such as two interfaces with one name. */
  readonly samples: () => Iterable<Sample>;
}

export function counter(registry: Registry, definition: MetricDefinition): void {
  new Counter({
    ...configuration(registry, definition),
    collect() {
      collect(this, definition);
    },
  });
}

export function gauge(registry: Registry, definition: MetricDefinition): void {
  new Gauge({
    ...configuration(registry, definition),
    collect() {
      collect(this, definition);
    },
  });
}

function configuration(registry: Registry, { name, help, labels = [] }: MetricDefinition) {
  return { name, help, labelNames: [...labels], registers: [registry] };
}

function collect(metric: Counter | Gauge, { labels = [], samples }: MetricDefinition): void {
  metric.reset();
  // `reset` leaves 0 in a metric without labels: no series if there is no sample.
  if (labels.length === 0) metric.remove();
  for (const [values, value] of samples()) {
    metric.inc(Object.fromEntries(labels.map((label, i) => [label, values[i] ?? ''])), value);
  }
}

/** The value of a metric that says yes or no. */
export function flag(is: boolean): number {
  return is ? 1 : 0;
}
