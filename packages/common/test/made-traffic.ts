/** Records of made traffic, for tests of the detector: a small script of connections, probes and floods. */
import { FindingsDetector } from '../src/findings/findings-detector.ts';
import { parseAddress } from '../src/index.ts';
import { FIELD_OFFSETS, PACKET_LOG_SIZE } from '../src/record/layout.ts';

export const SERVER = '192.0.2.2';
export const SYN = 0x02;
export const ACK = 0x10;
export const RST = 0x04;
export const FIN_ACK = 0x11;
/** Of the first second: any whole one. */
export const START_MS = 1_800_000_000_000;

export interface MadePacket {
  /** After START_MS. */
  readonly ms: number;
  readonly src: string;
  readonly dst?: string;
  readonly sport?: number;
  readonly dport?: number;
  readonly flags?: number;
  readonly protocol?: number;
  readonly length?: number;
  readonly weight?: number;
}

const cached = new Map<string, Uint8Array>();
function addressBytes(text: string): Uint8Array {
  const known = cached.get(text);
  if (known !== undefined) return known;
  const bytes = parseAddress(text);
  if (cached.size > 100_000) cached.clear();
  cached.set(text, bytes);
  return bytes;
}

export function recordsOf(packets: readonly MadePacket[]): Uint8Array {
  const memory = new Uint8Array(packets.length * PACKET_LOG_SIZE);
  const data = new DataView(memory.buffer);
  for (const [i, packet] of packets.entries()) {
    const at = i * PACKET_LOG_SIZE;
    const {
      ms,
      src,
      dst = SERVER,
      sport = 40_000,
      dport = 80,
      flags = 0,
      protocol = 6,
      length = 60,
      weight = 1,
    } = packet;
    data.setBigUint64(at + FIELD_OFFSETS.timestamp_ns, BigInt(Math.round((START_MS + ms) * 1000)) * 1000n, true);
    memory.set(addressBytes(src), at + FIELD_OFFSETS.src_addr);
    memory.set(addressBytes(dst), at + FIELD_OFFSETS.dst_addr);
    data.setUint16(at + FIELD_OFFSETS.length, length, true);
    data.setUint16(at + FIELD_OFFSETS.weight, weight, true);
    data.setUint16(at + FIELD_OFFSETS.src_port, sport, true);
    data.setUint16(at + FIELD_OFFSETS.dst_port, dport, true);
    data.setUint16(at + FIELD_OFFSETS.ether_type, src.includes(':') ? 0x86dd : 0x0800, true);
    memory[at + FIELD_OFFSETS.ip_protocol] = protocol;
    memory[at + FIELD_OFFSETS.tcp_flags] = flags;
    memory[at + FIELD_OFFSETS.action] = 2;
  }
  return memory;
}

/** Adds the packets in the order of their times, in batches of `batch`, and ticks at the end of `untilMs`. */
export function detected(
  packets: readonly MadePacket[],
  {
    untilMs,
    batch = 500,
    detector = new FindingsDetector({ seed: 1 }),
  }: { untilMs: number; batch?: number; detector?: FindingsDetector },
) {
  const sorted = [...packets].sort((a, b) => a.ms - b.ms);
  for (let i = 0; i < sorted.length; i += batch) {
    const some = sorted.slice(i, i + batch);
    detector.add(recordsOf(some), 0, some.length, PACKET_LOG_SIZE);
  }
  detector.tick(START_MS + untilMs);
  return detector.findings(START_MS + untilMs);
}

/** A connection as it arrives: SYN, ACK, `data` packets, FIN. */
export function connection(
  at: Pick<MadePacket, 'ms' | 'src' | 'dst' | 'sport' | 'dport'>,
  { rtt = 20, data = 3, length = 200 } = {},
): MadePacket[] {
  const later = (i: number) => at.ms + rtt * (i + 1);
  return [
    { ...at, flags: SYN },
    { ...at, ms: later(0), flags: ACK },
    ...Array.from({ length: data }, (_, i) => ({ ...at, ms: later(i + 1), flags: ACK, length })),
    { ...at, ms: later(data + 1), flags: FIN_ACK },
  ];
}

export function forged(number: number): string {
  const mixed = Math.imul(number + 1, 0x9e3779b1) >>> 0;
  return `${(mixed >>> 24) % 223 || 1}.${(mixed >>> 16) & 255}.${(mixed >>> 8) & 255}.${mixed & 255}`;
}
