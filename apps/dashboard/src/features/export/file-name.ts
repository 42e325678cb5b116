export const EXPORT_FORMATS = ['ndjson', 'csv', 'pcapng'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const MAX_FILTER_CHARACTERS = 60;

/**
 * Returns the name of the file from the node, the UTC time of the request and the filter:
 * `packetlog_web-1_2026-01-02T14-03-22Z_tcp-dst-port-443.csv`.
 */
export function exportName(
  format: ExportFormat,
  { node, atMs, filter }: { readonly node: string; readonly atMs: number; readonly filter: string },
): string {
  const time = `${new Date(atMs).toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
  const parts = ['packetlog', plain(node), time, plain(filter).slice(0, MAX_FILTER_CHARACTERS).replace(/-$/, '')];
  return `${parts.filter(Boolean).join('_')}.${format}`;
}

/** Returns `text` with only characters that every file system accepts: comparison signs become words, others a dash. */
function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[<>=!]+/g, (sign) => `-${COMPARISON_NAMES[sign] ?? ''}-`)
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
}

const COMPARISON_NAMES: Readonly<Record<string, string>> = {
  '<': 'below',
  '>': 'above',
  '<=': 'up-to',
  '>=': 'from',
  '=': 'is',
  '==': 'is',
  '!=': 'is-not',
  '!': 'not',
};
