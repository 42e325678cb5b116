/** Says what live sums miss. */
import type { Coverage, Missing } from '@packetlog/common';
import type { Amounts } from '../history/level.ts';

/** A range that was asked for. */
interface Asked {
  readonly fromMs: number;
  /** When the sums began. */
  readonly sinceMs: number;
  /** The time up to which they are no longer kept. */
  readonly keptFromMs: number;
}

/** Returns the coverage of sums. `asked`: of a part of the time; absent: of all of it. */
export function liveCoverage({ packets, records, lost, unchecked, not_recorded }: Amounts, asked?: Asked): Coverage {
  const missing: Missing[] = [];
  if (asked !== undefined && asked.fromMs < asked.sinceMs) {
    const message = `Not counted before ${utcText(asked.sinceMs)} UTC, when this filter was first applied.`;
    missing.push({ kind: 'not_counted', to_ms: asked.sinceMs, message });
  }
  if (asked !== undefined && asked.keptFromMs > Math.max(asked.fromMs, asked.sinceMs)) {
    const message = `Sums from before ${utcText(asked.keptFromMs)} UTC are no longer kept.`;
    missing.push({ kind: 'expired', to_ms: asked.keptFromMs, message });
  }
  if (lost > 0) {
    const message = `Lost before they reached the filter: ${plural(lost, 'record')}, some of which may match.`;
    missing.push({ kind: 'lost', count: lost, message });
  }
  if (unchecked > 0) {
    const message = `Not checked: ${plural(unchecked, 'record')}, because all filters together may take a fifth of the server’s time. Use a filter with fewer terms, or close pages with other filters.`;
    missing.push({ kind: 'unchecked', count: unchecked, message });
  }
  if (not_recorded > 0) {
    const message = `Not recorded: ${plural(not_recorded, 'packet')}, because the loader runs with --count-only. Filters see only recorded packets.`;
    missing.push({ kind: 'not_recorded', count: not_recorded, message });
  }
  return { packets, records, missing };
}

function plural(count: number, thing: string): string {
  return `${count.toLocaleString('en-US')} ${thing}${count === 1 ? '' : 's'}`;
}

function utcText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
