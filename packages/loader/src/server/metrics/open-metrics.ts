/** Loads the metrics only on demand: most loaders serve none. */
import type { MetricsPlace, ServedMetrics, ServedMetricsOptions } from './served-metrics.ts';

/** Returns undefined if there is no place. Throws SetupError. */
export async function openMetrics(
  place: MetricsPlace | undefined,
  options: Omit<ServedMetricsOptions, 'place' | 'metrics'>,
): Promise<ServedMetrics | undefined> {
  if (place === undefined) return undefined;
  const served = await import('./served-metrics.ts');
  const { Metrics } = await import('./metrics.ts');
  return served.ServedMetrics.open({ metrics: new Metrics(), place, ...options });
}
