/** Batches: a header and records in one block of memory. */
import { BatchFormatError } from '../record/batch-error.ts';
import { PACKET_LOG_SIZE } from '../record/layout.ts';
import { encodePacketLog, type PacketLog } from '../record/packet-log.ts';
import { PacketLogView } from '../record/view.ts';
import { type BatchHeader, readBatchHeader } from './batch-header.ts';
import { writeBatchHeader } from './batch-header-writer.ts';
import { BATCH_HEADER_SIZE } from './batch-layout.ts';

/** Reads a batch in place: the header immediately, a record on access. */
export class PacketLogBatch extends PacketLogView {
  /** 0 for the first batch of a receiver, then incremented by 1. A gap is a lost batch. */
  readonly sequence: number;
  /** Records that matched this receiver's filter since it subscribed, this batch included. */
  readonly offered: number;
  /** Part of `offered`: lost because the receiver was too slow. */
  readonly dropped: number;
  /** Part of `offered`: not sent because of the receiver's row limit or a pause. */
  readonly withheld: number;
  /** Records that the receiver's filter excluded; not part of `offered`. */
  readonly filtered: number;
  /** ns added to the kernel's monotonic clock for `timestamp_ns`. */
  readonly clockOffsetNs: bigint;
  /** Bytes of the batch, header included. */
  readonly byteLength: number;

  /**
   * Borrows `bytes`, at any alignment, from `position` on. Ignores bytes after the batch.
   * @throws BatchFormatError unless a whole batch of this PROTOCOL_VERSION begins there.
   */
  static from(bytes: Uint8Array | ArrayBuffer, position = 0): PacketLogBatch {
    if (!(Number.isInteger(position) && position >= 0))
      throw new RangeError(`a batch cannot begin at byte ${position}`);
    return new PacketLogBatch(asBytes(bytes), position);
  }

  private constructor(bytes: Uint8Array, position: number) {
    const header = readBatchHeader(bytes, position);
    super(bytes, { ...header, start: position + header.headerSize });
    this.sequence = header.sequence;
    this.offered = header.offered;
    this.dropped = header.dropped;
    this.withheld = header.withheld;
    this.filtered = header.filtered;
    this.clockOffsetNs = header.clock_offset_ns;
    this.byteLength = header.headerSize + header.count * header.stride;
  }
}

/** socket.io passes an ArrayBuffer in browsers and a Buffer in Node; a faulty sender can pass anything. */
function asBytes(bytes: unknown): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  if (ArrayBuffer.isView(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isArrayBuffer(bytes)) return new Uint8Array(bytes);
  const facts = { expected: BATCH_HEADER_SIZE, actual: 0, position: 0 };
  throw new BatchFormatError('shape', 'it is neither a Uint8Array nor an ArrayBuffer; give it the bytes', facts);
}

/** Checks the tag: an ArrayBuffer of another frame or realm is not `instanceof` this realm's. */
function isArrayBuffer(value: unknown): value is ArrayBuffer {
  const tag = Object.prototype.toString.call(value);
  return tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]';
}

/**
 * Yields the batches of a recorded file, which are stored back to back. For a truncated file it yields all whole
 * batches, then throws BatchFormatError.
 */
export function* readBatches(bytes: Uint8Array): Generator<PacketLogBatch, void, undefined> {
  for (let position = 0; position < bytes.length; ) {
    const batch = PacketLogBatch.from(bytes, position);
    yield batch;
    position += batch.byteLength;
  }
}

/**
 * Encodes one batch of `records` with stride 64. Fields missing in `header` are 0, and `offered` is computed from the
 * ledger: the records plus those dropped or withheld.
 * @throws RangeError and AddressError as `encodePacketLog` and `writeBatchHeader`.
 */
export function encodeBatch(header: Partial<BatchHeader>, records: readonly PacketLog[]): Uint8Array {
  const count = records.length;
  const { sequence = 0, dropped = 0, withheld = 0, filtered = 0, clock_offset_ns = 0n } = header;
  const { offered = count + dropped + withheld } = header;
  const bytes = new Uint8Array(BATCH_HEADER_SIZE + count * PACKET_LOG_SIZE);
  writeBatchHeader(bytes, { sequence, offered, dropped, withheld, filtered, clock_offset_ns, count });
  records.forEach((record, i) => {
    encodePacketLog(record, bytes, BATCH_HEADER_SIZE + i * PACKET_LOG_SIZE);
  });
  return bytes;
}
