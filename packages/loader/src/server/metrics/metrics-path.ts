/** Where the metrics are, on each address that serves them. */
export const METRICS_PATH = '/metrics';

/** Whether a request is for the metrics; Prometheus may add parameters. */
export function isMetricsPath(url = ''): boolean {
  return url.split('?', 1)[0] === METRICS_PATH;
}
