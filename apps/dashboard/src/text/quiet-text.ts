import { clockText, spanText } from './clock.ts';
import { counted } from './number.ts';

/** No packet for so long is worth a word. */
export const QUIET_AFTER_MS = 5_000;

export interface Arrivals {
  /** Whether figures come: without them nobody knows whether packets do. */
  readonly live: boolean;
  /** Names of the interfaces that are watched. */
  readonly interfaces: readonly string[];
  /** All packets that the kernel counted since the loader started. */
  readonly seen: number;
  /** For how long that count has stood still, as far as this page could see. */
  readonly quietMs: number;
  /** Wall clock of the last packet, null if it passed before this page looked. */
  readonly lastPacketMs: number | null;
}

/** 'No packets on eth0 for 12 s; last packet 14:03:01.', or null while packets come. */
export function quietSentence({ live, interfaces, seen, quietMs, lastPacketMs }: Arrivals): string | null {
  if (!live) return null;
  const where = interfaces.length === 0 ? '' : ` on ${interfaces.join(', ')}`;
  if (seen === 0) return `No packets${where} yet.`;
  const span = spanText(quietMs);
  if (lastPacketMs === null)
    return `No packets${where} in the ${span} since this page opened; ${counted(seen, 'packet')} before.`;
  return quietMs < QUIET_AFTER_MS ? null : `No packets${where} for ${span}; last packet ${clockText(lastPacketMs)}.`;
}
