/** Finds scans among conversations: one source that probes many ports of an address, or a port of many addresses. */
import { FIRST_EPHEMERAL_PORT } from './conversation-key.ts';

/**
 * Least number of ports of one address, or addresses with one port, that are a scan. Clients that are no scanners use a
 * handful of services of a host with so few packets each; scanners try hundreds.
 */
export const MIN_SCAN_TARGETS = 16;
/**
 * Most rows of a probe that may have been answered: SYN, ACK and RST of a TCP connect scan, or a request and two
 * retries. A client that uses a service sends more.
 */
export const MAX_PROBE_ROWS = 3;

const [ICMP, TCP, UDP, ICMPV6] = [1, 6, 17, 58] as const;
const [SYN, ACK] = [0x02, 0x10] as const;
const DNS = 53;
/** Type in the upper, code in the lower byte. */
const [ECHO_REQUEST, ECHO_REQUEST_V6] = [8 << 8, 128 << 8] as const;

/** What is scanned: ports of an address, or addresses with a port. */
export type ScanKind = 'ports' | 'addresses';

/** A conversation that may be part of a scan. */
export interface Probe {
  /** Names of the addresses: equal if and only if the addresses are. */
  readonly source: string;
  readonly destination: string;
  readonly ipProtocol: number;
  /** Destination port; for ICMP type and code. */
  readonly port: number;
}

export interface Scan {
  readonly kind: ScanKind;
  /** Names the scan; stays the same while probes are added. */
  readonly key: string;
  /** Indexes of its probes, ascending. */
  readonly probes: readonly number[];
}

/** What decides whether a conversation is a probe. */
export interface Traffic {
  readonly ipProtocol: number;
  readonly hasPorts: boolean;
  /** Destination port, 0 if unknown; for ICMP type and code. */
  readonly port: number;
  /** TCP flags set in any packet. */
  readonly flags: number;
  readonly rows: number;
}

/** Whether these packets are a probe: an attempt, not the use of a service. */
export function isProbe({ ipProtocol, hasPorts, port, flags, rows }: Traffic): boolean {
  if (!hasPorts) return isEchoRequest(ipProtocol, port) && rows <= MAX_PROBE_ROWS;
  if (port === 0) return false;
  if (ipProtocol !== TCP) return rows <= MAX_PROBE_ROWS;
  // Without ACK there was no connection, however often it was tried.
  if ((flags & ACK) === 0) return true;
  // Without SYN the connection is older than the rows; to an ephemeral port, it may be an answer.
  return (flags & SYN) !== 0 && port < FIRST_EPHEMERAL_PORT && rows <= MAX_PROBE_ROWS;
}

/**
 * Returns the scans among `probes`, those with the most targets first; null stands for other conversations. Each probe
 * is in at most one scan: where a port scan and a sweep share probes, the one with more targets has them.
 */
export function findScans(probes: readonly (Probe | null)[]): Scan[] {
  const candidates = new Map<string, Candidate>();
  for (const [index, probe] of probes.entries()) {
    if (probe === null) continue;
    for (const kind of kindsOf(probe)) {
      const key = keyOf(probe, kind);
      const candidate = candidates.get(key) ?? { kind, key, probes: [], targets: new Set() };
      candidate.probes.push(index);
      candidate.targets.add(targetOf(probe, kind));
      candidates.set(key, candidate);
    }
  }
  const large = [...candidates.values()].filter(({ targets }) => targets.size >= MIN_SCAN_TARGETS);
  large.sort((a, b) => b.targets.size - a.targets.size || (a.key < b.key ? -1 : 1));
  const taken = new Set<number>();
  const scans: Scan[] = [];
  for (const { kind, key, probes: all } of large) {
    const left = all.filter((index) => !taken.has(index));
    const targets = new Set(left.map((index) => targetOf(probes[index] as Probe, kind)));
    if (targets.size < MIN_SCAN_TARGETS) continue;
    for (const index of left) taken.add(index);
    scans.push({ kind, key, probes: left });
  }
  return scans;
}

interface Candidate {
  readonly kind: ScanKind;
  readonly key: string;
  readonly probes: number[];
  readonly targets: Set<number | string>;
}

function isEchoRequest(ipProtocol: number, typeAndCode: number): boolean {
  return ipProtocol === ICMP ? typeAndCode === ECHO_REQUEST : ipProtocol === ICMPV6 && typeAndCode === ECHO_REQUEST_V6;
}

function kindsOf({ ipProtocol, port }: Probe): readonly ScanKind[] {
  if (ipProtocol === ICMP || ipProtocol === ICMPV6) return ['addresses'];
  // A resolver asks many name servers, each with few packets.
  return ipProtocol === UDP && port === DNS ? ['ports'] : ['ports', 'addresses'];
}

function keyOf({ source, destination, ipProtocol, port }: Probe, kind: ScanKind): string {
  return `${kind} ${source} ${ipProtocol} ${kind === 'ports' ? destination : port}`;
}

/** What a scan of this kind counts. */
function targetOf({ destination, port }: Probe, kind: ScanKind): number | string {
  return kind === 'ports' ? port : destination;
}
