/** Where the metrics are, on each address that serves them. */
export const METRICS_PATH = '/metrics';
