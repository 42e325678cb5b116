/** Parses pcap files (draft-ietf-opsawg-pcap): either byte order, microseconds or nanoseconds. */
import type { ByteQueue } from './byte-queue.ts';
import {
  type CapturedFrame,
  CaptureFileError,
  type CaptureInterface,
  damaged,
  type FrameParser,
  MAX_FRAME_BYTES,
} from './captured-frame.ts';

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
/** Bytes of the file header, and of the header of each record. */
export const PCAP_FILE_HEADER = 24;
const RECORD_HEADER = 16;
const VERSION = 2;
/** The field's upper half says how many bytes of frame check sequence there are. */
const LINK_TYPE_MASK = 0xffff;

/** Returns the byte order and the unit of the file's times; undefined: it is not a pcap file. */
function formatOf(queue: ByteQueue): { little: boolean; nsPerUnit: bigint } | undefined {
  for (const little of [true, false]) {
    const magic = queue.u32(0, little);
    if (magic === MICROSECONDS) return { little, nsPerUnit: 1000n };
    if (magic === NANOSECONDS) return { little, nsPerUnit: 1n };
  }
  return undefined;
}

export class PcapParser implements FrameParser {
  readonly #queue: ByteQueue;
  readonly #little: boolean;
  readonly #nsPerUnit: bigint;
  readonly #interface: CaptureInterface;
  /** Bytes of the frame that `next` returned. */
  #returned = 0;

  /** Whether the queue begins with a pcap file; at least 4 bytes must have arrived. */
  static recognizes(queue: ByteQueue): boolean {
    return formatOf(queue) !== undefined;
  }

  /** Takes the file header, which must have arrived. */
  constructor(queue: ByteQueue) {
    const format = formatOf(queue);
    if (format === undefined) throw new CaptureFileError('the file is not pcap');
    const { little, nsPerUnit } = format;
    const version = queue.u16(4, little);
    if (version !== VERSION)
      throw new CaptureFileError(`the file has version ${version} of pcap, and only ${VERSION} is known`);
    this.#queue = queue;
    this.#little = little;
    this.#nsPerUnit = nsPerUnit;
    this.#interface = { name: undefined, linkType: queue.u32(20, little) & LINK_TYPE_MASK };
    queue.skip(PCAP_FILE_HEADER);
  }

  next(): CapturedFrame | undefined {
    const queue = this.#queue;
    queue.skip(this.#returned);
    this.#returned = 0;
    if (queue.length < RECORD_HEADER) return undefined;
    const captured = queue.u32(8, this.#little);
    if (captured > MAX_FRAME_BYTES) throw damaged(`a frame of ${captured} captured bytes`, queue.position);
    if (queue.length < RECORD_HEADER + captured) return undefined;
    const seconds = queue.u32(0, this.#little);
    const fraction = queue.u32(4, this.#little);
    this.#returned = RECORD_HEADER + captured;
    return {
      bytes: queue.peek(RECORD_HEADER, captured),
      length: Math.max(captured, queue.u32(12, this.#little)),
      timestampNs: BigInt(seconds) * 1_000_000_000n + BigInt(fraction) * this.#nsPerUnit,
      interface: this.#interface,
      isOutgoing: false,
    };
  }
}
