/**
 * Makes a past of known counts: records of two weeks, written by the recorder's own writer with a clock of the test. The
 * records are made here, no packet was sent for them.
 */
import { ACTIONS, FIELD_OFFSETS, PACKET_LOG_SIZE, parseAddress, REASONS } from '@packetlog/common';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const NS_PER_MS = 1_000_000n;

interface Recorder {
  interfaces(names: Readonly<Record<string, string>>): void;
  append(records: Uint8Array, count: number): void;
  tick(): void;
  close(): void;
}

const SOURCE = '../../packages/loader/src/';
const load = (path: string) => import(new URL(`${SOURCE}${path}`, import.meta.url).href) as Promise<unknown>;

export interface MadeHour {
  readonly packets: number;
  /** Of them. */
  readonly denied: number;
}

export interface MadePast {
  /** The last hour before `endMs` first. */
  readonly hours: readonly MadeHour[];
  /** ms since the Unix epoch. */
  readonly firstMs: number;
  /** Sums of the hours from `from` until before `to`, counted back from the end. */
  sums(from: number, to: number): MadeHour;
}

/**
 * Records into `directory`, which must not exist, up to `endMs`. The packets of an hour are in its middle 40 minutes: a
 * range may begin or end up to 10 minutes later than the hour. Recording ends in an orderly way at `endMs`.
 */
export async function makePast(directory: string, endMs: number, hours: readonly MadeHour[]): Promise<MadePast> {
  const { SegmentRecorder } = (await load('recorder/writer/segment-recorder.ts')) as {
    SegmentRecorder: new (...parts: readonly unknown[]) => Recorder;
  };
  const { makeRecorderCounts, RecorderCounts } = (await load('ipc/recorder-counts.ts')) as {
    makeRecorderCounts: () => SharedArrayBuffer;
    RecorderCounts: new (memory: SharedArrayBuffer) => unknown;
  };
  let nowMs = endMs - hours.length * HOUR_MS;
  const firstMs = nowMs + 10 * MINUTE_MS;
  const settings = { directory, maxBytes: undefined, maxAgeMs: undefined, anonymize: false, node: 'made' };
  const problems: unknown[] = [];
  const recorder = new SegmentRecorder(
    { ...settings, permitsPerSecond: Number.POSITIVE_INFINITY },
    new RecorderCounts(makeRecorderCounts()),
    { bootId: 'made', rings: 1, before: 0 },
    {
      now: () => nowMs,
      monotonic: () => nowMs,
      changed: (change: unknown) => problems.push(change),
      sealed: () => {},
      version: 'made',
    },
  );
  recorder.interfaces({ 2: 'server0' });
  for (const hour of hours.toReversed()) {
    nowMs += HOUR_MS;
    recorder.append(recordsOf(hour, nowMs - HOUR_MS), hour.packets);
    recorder.tick();
  }
  recorder.close();
  if (problems.length > 0) throw new Error(`the past was not recorded: ${JSON.stringify(problems)}`);
  return {
    hours,
    firstMs,
    sums: (from, to) =>
      hours
        .slice(from, to)
        .reduce<MadeHour>(
          (sum, { packets, denied }) => ({ packets: sum.packets + packets, denied: sum.denied + denied }),
          { packets: 0, denied: 0 },
        ),
  };
}

const SOURCES = Array.from({ length: 50 }, (_, i) => parseAddress(`198.51.100.${1 + i}`));
const DESTINATION = parseAddress('192.0.2.1');
const PORTS = [443, 443, 443, 22, 53] as const;
const TCP = 6;
const SYN = 2;
const IPV4 = 0x0800;

/** Packets and denied packets are spread evenly over 40 minutes, from the 10th of the hour on. */
function recordsOf({ packets, denied }: MadeHour, beginMs: number): Uint8Array {
  const bytes = new Uint8Array(packets * PACKET_LOG_SIZE);
  const data = new DataView(bytes.buffer);
  for (let i = 0; i < packets; i++) {
    const at = i * PACKET_LOG_SIZE;
    const timeMs = beginMs + 10 * MINUTE_MS + Math.floor((i * 40 * MINUTE_MS) / packets);
    const isDenied = Math.floor((i * denied) / packets) < Math.floor(((i + 1) * denied) / packets);
    data.setBigUint64(at + FIELD_OFFSETS.timestamp_ns, BigInt(timeMs) * NS_PER_MS, true);
    bytes.set(SOURCES[i % SOURCES.length] as Uint8Array, at + FIELD_OFFSETS.src_addr);
    bytes.set(DESTINATION, at + FIELD_OFFSETS.dst_addr);
    data.setUint32(at + FIELD_OFFSETS.rule_id, isDenied ? 1 : 0, true);
    data.setUint32(at + FIELD_OFFSETS.ifindex, 2, true);
    data.setUint16(at + FIELD_OFFSETS.length, 60 + (i % 1000), true);
    data.setUint16(at + FIELD_OFFSETS.weight, 1, true);
    data.setUint16(at + FIELD_OFFSETS.src_port, 40_000 + (i % 20_000), true);
    data.setUint16(at + FIELD_OFFSETS.dst_port, PORTS[i % PORTS.length] as number, true);
    data.setUint16(at + FIELD_OFFSETS.ether_type, IPV4, true);
    data.setUint8(at + FIELD_OFFSETS.ip_protocol, TCP);
    data.setUint8(at + FIELD_OFFSETS.tcp_flags, SYN);
    data.setUint8(at + FIELD_OFFSETS.action, isDenied ? ACTIONS.deny : ACTIONS.permit);
    data.setUint8(at + FIELD_OFFSETS.reason, isDenied ? REASONS.rule : REASONS.none);
  }
  return bytes;
}
