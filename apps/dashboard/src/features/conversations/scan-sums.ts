import { reasonName } from '@packetlog/common';
import { type Verdict, verdictOf } from '../../text/verdict-text.ts';
import type { Conversations } from './conversations.ts';
import type { ScanKind } from './scans.ts';

/** Conversations by index and serial number; one whose serial has changed was evicted. */
export interface Members {
  readonly indexes: readonly number[];
  readonly serials: readonly number[];
}

/** Sums of the conversations of a scan. */
export interface ScanSums {
  /** Index of the conversation with the newest packet. */
  readonly newest: number;
  readonly packets: number;
  readonly bytes: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Number of distinct ports, or of distinct addresses. */
  readonly targets: number;
  readonly manySourcePorts: boolean;
  /** Packets by verdict. */
  readonly verdicts: ReadonlyMap<Verdict, number>;
  /** Whether all conversations have the same reason and rule. */
  readonly sameReason: boolean;
}

/** Returns the indexes of the members that were not evicted. */
export function presentMembers(conversations: Conversations, { indexes, serials }: Members): number[] {
  return indexes.filter((index, at) => conversations.serial[index] === serials[at]);
}

/** Adds up a scan; null if all its conversations were evicted. */
export function sumScan(conversations: Conversations, scan: Members & { readonly kind: ScanKind }): ScanSums | null {
  const present = presentMembers(conversations, scan);
  const [first] = present;
  if (first === undefined) return null;
  const { newest: view } = conversations;
  const targets = new Set<number | string>();
  const verdicts = new Map<Verdict, number>();
  let newest = first;
  let [packets, bytes, firstMs, lastMs] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [manySourcePorts, sameReason] = [false, true];
  for (const index of present) {
    const own = conversations.packets[index] as number;
    packets += own;
    bytes += conversations.bytes[index] as number;
    firstMs = Math.min(firstMs, conversations.firstMs[index] as number);
    const last = conversations.lastMs[index] as number;
    if (last >= lastMs) [lastMs, newest] = [last, index];
    targets.add(
      scan.kind === 'ports' ? (conversations.service[index] as number) : conversations.addressKey(index, 'dst'),
    );
    manySourcePorts ||= conversations.manySourcePorts[index] === 1 || view.srcPort(index) !== view.srcPort(first);
    sameReason &&= view.reason(index) === view.reason(first) && view.ruleId(index) === view.ruleId(first);
    const verdict = verdictOf(view.action(index), reasonName(view.reason(index)));
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + own);
  }
  return { newest, packets, bytes, firstMs, lastMs, targets: targets.size, manySourcePorts, verdicts, sameReason };
}
