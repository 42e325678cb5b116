import { allOf, type Filter, formatFilter, hasPorts } from '@packetlog/common';
import { ABSENT, counted, formatBytes, formatCount, quantityText } from '../../text/number.ts';
import { type PacketRow, packetRow } from '../../text/row-text.ts';
import { VERDICT_TEXT, type Verdict } from '../../text/verdict-text.ts';
import { addressTerm, countText, manyPorts } from './conversation-row.ts';
import type { Conversations } from './conversations.ts';
import { type Members, sumScan } from './scan-sums.ts';
import type { ScanKind } from './scans.ts';

/** Shown where addresses or ports differ between packets. */
const MANY = '*';
/** Verdicts from the most severe. */
const VERDICTS: readonly Verdict[] = ['deny', 'aborted', 'would_deny', 'malformed', 'permit'];

/** A scan as the table shows it. */
export interface ScanRow {
  /** The newest packet, with what all packets share. */
  readonly packet: PacketRow;
  readonly packets: number;
  /** '×412 in 1.2 s'. */
  readonly count: string;
  readonly bytes: string;
  /** 'scan: 412 ports'. */
  readonly scan: string;
  /** The reason that all packets share, '380 denied, 32 permitted' if verdicts differ, otherwise ''. */
  readonly note: string;
  /** Verdicts of its packets, the most severe first. */
  readonly verdicts: readonly Verdict[];
  /** A filter that matches its packets, and others between these ends. */
  readonly filter: string;
}

/** Returns the texts of a scan; null if all its conversations were evicted. */
export function scanRow(
  conversations: Conversations,
  scan: Members & { readonly kind: ScanKind },
  interfaceName: (ifindex: number) => string | undefined,
): ScanRow | null {
  const sums = sumScan(conversations, scan);
  if (sums === null) return null;
  const { newest, packets, targets } = sums;
  const packet = packetRow(conversations.newest, newest, interfaceName);
  const ofPorts = scan.kind === 'ports';
  const verdicts = VERDICTS.filter((verdict) => sums.verdicts.has(verdict));
  return {
    packet: {
      ...packet,
      src: sums.manySourcePorts ? manyPorts(packet.src) : packet.src,
      dst: ofPorts ? manyPorts(packet.dst) : { ...packet.dst, addr: MANY, bracketed: false },
      service: ofPorts ? '' : packet.service,
    },
    packets,
    count: countText(packets, sums.lastMs - sums.firstMs),
    bytes: quantityText(formatBytes(sums.bytes)),
    scan: `scan: ${targetsText(targets, scan.kind, conversations.evicted > 0)}`,
    note: noteOf(verdicts, sums.verdicts, sums.sameReason ? packet.reason : ''),
    verdicts,
    filter: scanFilter(conversations, newest, scan.kind),
  };
}

/** '412 ports', '90 addresses'; '1,998+ ports' if some may have been removed from the list. */
function targetsText(targets: number, kind: ScanKind, incomplete: boolean): string {
  if (incomplete) return `${formatCount(targets)}+ ${kind}`;
  return kind === 'ports'
    ? counted(targets, 'port')
    : `${formatCount(targets)} ${targets === 1 ? 'address' : 'addresses'}`;
}

function noteOf(verdicts: readonly Verdict[], packets: ReadonlyMap<Verdict, number>, reason: string): string {
  if (verdicts.length === 1) return reason === ABSENT ? '' : reason;
  return verdicts
    .map((verdict) => `${formatCount(packets.get(verdict) ?? 0)} ${VERDICT_TEXT[verdict].label}`)
    .join(', ');
}

function scanFilter({ newest: view }: Conversations, index: number, kind: ScanKind): string {
  const protocol = view.ipProtocol(index);
  const terms: Filter[] = [addressTerm('src', view.srcAddr(index))];
  if (kind === 'ports') terms.push(addressTerm('dst', view.dstAddr(index)));
  terms.push({ kind: 'number', field: 'ip_protocol', comparison: '=', value: protocol });
  if (kind === 'addresses' && hasPorts(protocol)) {
    const port = view.dstPort(index);
    terms.push({ kind: 'port', side: 'dst', from: port, to: port });
  }
  return formatFilter(allOf(terms));
}
