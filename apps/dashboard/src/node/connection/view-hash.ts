import { NO_FILTER } from '../../text/filter-text.ts';
import type { TimeSpan } from '../past/past.ts';

/** What a link to the page shows: `#filter=…&from=…&to=…&node=…`. Browsers do not send the hash to servers. */
export interface ViewHash {
  /** NO_FILTER if there is none. */
  readonly filter: string;
  /** A range of the past; null up to now. */
  readonly range: TimeSpan | null;
  /** Address of a node, or `all-nodes`; null: the link does not say. */
  readonly node: string | null;
}

/** Reads filter, range and node of a hash. A range that cannot be read counts as none. */
export function viewOfHash(hash: string): ViewHash {
  const values = new URLSearchParams(hash.replace(/^#/, ''));
  const [fromMs, toMs] = [values.get('from'), values.get('to')].map((text) => Date.parse(text ?? ''));
  return {
    filter: values.get('filter') ?? NO_FILTER,
    range: fromMs !== undefined && toMs !== undefined && toMs > fromMs ? { fromMs, toMs } : null,
    node: values.get('node'),
  };
}

/** Returns a hash with only filter, range and node, '' without them. Times are in UTC, because links are shared. */
export function hashOfView({ filter, range, node }: ViewHash): string {
  const text = filter.trim();
  const values = new URLSearchParams({
    ...(text !== '' && { filter: text }),
    ...(range !== null && { from: utcText(range.fromMs), to: utcText(range.toMs) }),
    ...(node !== null && { node }),
  });
  return values.size === 0 ? '' : `#${values}`.replaceAll('%3A', ':');
}

function utcText(ms: number): string {
  return new Date(ms).toISOString().replace('.000', '');
}
