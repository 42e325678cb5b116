/**
 * Parses pcapng files (draft-ietf-opsawg-pcapng): sections of either byte order, several interfaces, enhanced, simple
 * and obsolete packet blocks. Other blocks are skipped.
 */
import type { ByteQueue } from './byte-queue.ts';
import {
  type CapturedFrame,
  CaptureFileError,
  type CaptureInterface,
  damaged,
  type FrameParser,
  MAX_FRAME_BYTES,
} from './captured-frame.ts';
import { type InterfaceOptions, interfaceOptions, padded, saysOutgoing } from './pcapng-options.ts';

const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;
const BYTE_ORDER = 0x1a2b3c4d;
const VERSION = 1;
/** Type, length, and the length again at the end. */
const BLOCK_FRAME = 12;
/** Bytes of each block without data and options. */
const LEAST_BYTES: Readonly<Record<number, number>> = {
  [SECTION]: 28,
  [INTERFACE]: 20,
  [OBSOLETE_PACKET]: 32,
  [SIMPLE_PACKET]: 16,
  [ENHANCED_PACKET]: 32,
};
/** Limit of the blocks that are parsed: a frame and its options. */
const MAX_BLOCK_BYTES = 16 * 1024 * 1024;
const PACKET_DATA = 28;
const SIMPLE_DATA = 12;

interface SectionInterface extends CaptureInterface {
  readonly snapLength: number;
  readonly toNs: InterfaceOptions['toNs'];
}

export class PcapngParser implements FrameParser {
  readonly #queue: ByteQueue;
  #little = true;
  /** Interfaces of this section; undefined: no section has begun. */
  #interfaces: SectionInterface[] | undefined;
  /** Simple packets have no time: they get that of the packet before them. */
  #lastNs = 0n;
  /** Bytes of the block whose frame `next` returned. */
  #returned = 0;

  /** Whether the queue begins with a pcapng file; at least 4 bytes must have arrived. */
  static recognizes(queue: ByteQueue): boolean {
    return queue.u32(0, true) === SECTION;
  }

  constructor(queue: ByteQueue) {
    this.#queue = queue;
  }

  next(): CapturedFrame | undefined {
    const queue = this.#queue;
    queue.skip(this.#returned);
    this.#returned = 0;
    while (queue.length >= BLOCK_FRAME) {
      const type = this.#typeOfNext();
      const total = queue.u32(4, this.#little);
      const least = LEAST_BYTES[type] ?? BLOCK_FRAME;
      if (total < least || total % 4 !== 0) throw damaged(`a block of ${total} bytes`, queue.position);
      if (least === BLOCK_FRAME) {
        queue.skip(total);
        continue;
      }
      if (total > MAX_BLOCK_BYTES) throw damaged(`a packet's block of ${total} bytes`, queue.position);
      if (queue.length < total) return undefined;
      if (queue.u32(total - 4, this.#little) !== total) throw damaged('a block with two lengths', queue.position);
      const frame = this.#take(type, total);
      if (frame !== undefined) {
        this.#returned = total;
        return frame;
      }
      queue.skip(total);
    }
    return undefined;
  }

  /** Returns the type of the next block. The byte order of a section header is its own. */
  #typeOfNext(): number {
    const queue = this.#queue;
    const type = queue.u32(0, this.#little);
    if (type === SECTION) {
      const order = [true, false].find((little) => queue.u32(8, little) === BYTE_ORDER);
      if (order === undefined) throw damaged('a section header without byte order', queue.position);
      this.#little = order;
    } else if (this.#interfaces === undefined) {
      throw damaged('a block before the first section header', queue.position);
    }
    return type;
  }

  #take(type: number, total: number): CapturedFrame | undefined {
    switch (type) {
      case SECTION:
        this.#beginSection();
        return undefined;
      case INTERFACE:
        this.#addInterface(total);
        return undefined;
      case SIMPLE_PACKET:
        return this.#simplePacket(total);
      case OBSOLETE_PACKET:
        return this.#packet(this.#queue.u16(8, this.#little), total);
      default:
        return this.#packet(this.#queue.u32(8, this.#little), total);
    }
  }

  #beginSection(): void {
    const version = this.#queue.u16(12, this.#little);
    if (version !== VERSION)
      throw new CaptureFileError(`the file has version ${version} of pcapng, and only ${VERSION} is known`);
    this.#interfaces = [];
  }

  #addInterface(total: number): void {
    const queue = this.#queue;
    const options = queue.peek(16, total - 20);
    const { name, toNs } = interfaceOptions(options, this.#little, queue.position + 16);
    this.#interfaces?.push({
      name,
      linkType: queue.u16(8, this.#little),
      snapLength: queue.u32(12, this.#little),
      toNs,
    });
  }

  #packet(index: number, total: number): CapturedFrame {
    const queue = this.#queue;
    const from = this.#interfaceAt(index);
    const captured = queue.u32(20, this.#little);
    const end = PACKET_DATA + padded(captured);
    if (captured > MAX_FRAME_BYTES || end + 4 > total) {
      throw damaged(`a frame of ${captured} captured bytes`, queue.position);
    }
    const high = BigInt(queue.u32(12, this.#little));
    this.#lastNs = from.toNs((high << 32n) | BigInt(queue.u32(16, this.#little)));
    return {
      bytes: queue.peek(PACKET_DATA, captured),
      length: Math.max(captured, queue.u32(24, this.#little)),
      timestampNs: this.#lastNs,
      interface: from,
      isOutgoing: saysOutgoing(queue.peek(end, total - 4 - end), this.#little, queue.position + end),
    };
  }

  #simplePacket(total: number): CapturedFrame {
    const queue = this.#queue;
    const from = this.#interfaceAt(0);
    const length = queue.u32(8, this.#little);
    const captured = Math.min(length, from.snapLength || length);
    if (captured > MAX_FRAME_BYTES || SIMPLE_DATA + padded(captured) + 4 > total) {
      throw damaged(`a frame of ${captured} captured bytes`, queue.position);
    }
    const bytes = queue.peek(SIMPLE_DATA, captured);
    return { bytes, length, timestampNs: this.#lastNs, interface: from, isOutgoing: false };
  }

  #interfaceAt(index: number): SectionInterface {
    const found = this.#interfaces?.[index];
    if (found === undefined)
      throw damaged(`a frame of interface ${index}, which is not described`, this.#queue.position);
    return found;
  }
}
