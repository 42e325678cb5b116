/** Writes capture files with chosen frames and times. */

export interface CaptureFrame {
  readonly bytes: Uint8Array;
  /** Length of the whole frame; default: that of `bytes`. */
  readonly length?: number;
  /** Default: 0. */
  readonly timestampNs?: bigint;
}

const words = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);
const NS_PER_S = 1_000_000_000n;

/** A little-endian pcap file with times in nanoseconds. */
export function pcapFile(frames: readonly CaptureFrame[], linkType = 1): Buffer {
  return Buffer.concat([pcapHeader(linkType), ...frames.flatMap((frame) => pcapRecord(frame))]);
}

export const pcapHeader = (linkType = 1) => words(0xa1b2_3c4d, 0x0004_0002, 0, 0, 262_144, linkType);

export function pcapRecord({ bytes, length = bytes.length, timestampNs = 0n }: CaptureFrame): Uint8Array[] {
  return [words(Number(timestampNs / NS_PER_S), Number(timestampNs % NS_PER_S), bytes.length, length), bytes];
}

export interface PcapngFrame extends CaptureFrame {
  /** Number of the interface. */
  readonly from: number;
  readonly isOutgoing?: boolean;
}

/** A little-endian pcapng file with times in nanoseconds, and a block of unknown type in the middle. */
export function pcapngFile(
  interfaces: readonly { name?: string; linkType: number }[],
  frames: readonly PcapngFrame[],
): Buffer {
  return Buffer.concat([
    block(0x0a0d0d0a, words(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff)),
    ...interfaces.map(({ name, linkType }) => {
      const named = name === undefined ? [] : [option(2, Buffer.from(name))];
      return block(1, Buffer.concat([words(linkType, 0), ...named, option(9, Uint8Array.of(9)), words(0)]));
    }),
    block(0x0bad, Buffer.alloc(64)),
    ...frames.map(({ bytes, length = bytes.length, timestampNs = 0n, from, isOutgoing = false }) => {
      const time = words(Number(timestampNs >> 32n), Number(timestampNs & 0xffffffffn));
      const flags = option(2, words(isOutgoing ? 2 : 1));
      return block(6, Buffer.concat([words(from), time, words(bytes.length, length), padded(bytes), flags, words(0)]));
    }),
  ]);
}

const padded = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
const option = (code: number, value: Uint8Array) => Buffer.concat([words(code | (value.length << 16)), padded(value)]);
const block = (type: number, body: Uint8Array) =>
  Buffer.concat([words(type, body.length + 12), body, words(body.length + 12)]);
