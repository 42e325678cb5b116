import { clockText, spanText } from './clock.ts';
import { counted } from './number.ts';

/** Time without packets before it is mentioned. */
export const QUIET_AFTER_MS = 5_000;

export interface Arrivals {
  /** Whether the connection is live. If not, nothing is reported. */
  readonly live: boolean;
  /** Names of the watched interfaces. */
  readonly interfaces: readonly string[];
  /** Packets that the kernel counted since the loader started. */
  readonly seen: number;
  /** Time since that count last changed, as far as this page knows. */
  readonly quietMs: number;
  /** Time of the last packet; null if it passed before the page was opened. */
  readonly lastPacketMs: number | null;
}

/** Reports a quiet interface: 'No packets on eth0 for 12 s; last packet 14:03:01.'; null while packets arrive. */
export function quietSentence({ live, interfaces, seen, quietMs, lastPacketMs }: Arrivals): string | null {
  if (!live) return null;
  const where = interfaces.length === 0 ? '' : ` on ${interfaces.join(', ')}`;
  if (seen === 0) return `No packets${where} yet.`;
  const span = spanText(quietMs);
  if (lastPacketMs === null)
    return `No packets${where} in the ${span} since this page opened; ${counted(seen, 'packet')} before.`;
  return quietMs < QUIET_AFTER_MS ? null : `No packets${where} for ${span}; last packet ${clockText(lastPacketMs)}.`;
}
