/** Reads the 64 bytes in front of the records; see batch-layout.ts. */
import { PROTOCOL_VERSION } from '../protocol/limits.ts';
import { BatchFormatError } from '../record/batch-error.ts';
import { PACKET_LOG_SIZE } from '../record/layout.ts';
import { BATCH_HEADER_FIELDS as AT, BATCH_HEADER_SIZE, BATCH_MAGIC } from './batch-layout.ts';

/** The header of a batch. */
export interface BatchHeader {
  sequence: number;
  offered: number;
  dropped: number;
  withheld: number;
  filtered: number;
  clock_offset_ns: bigint;
}

/** The fields that differ between receivers of the same records. */
export type BatchCounters = Omit<BatchHeader, 'clock_offset_ns'>;

export interface BatchFields extends BatchHeader {
  count: number;
  stride: number;
  recordOffset: number;
  headerSize: number;
}

export const BATCH_COUNTERS = ['sequence', 'offered', 'dropped', 'withheld', 'filtered'] as const;
export const TWO_TO_32 = 0x1_0000_0000;

/** Reads the header at `position` and checks that the whole batch is there. */
export function readBatchHeader(bytes: Uint8Array, position: number): BatchFields {
  const fail = (code: BatchFormatError['code'], message: string, expected: number, actual: number) =>
    new BatchFormatError(code, message, { expected, actual, position });
  const available = bytes.length - position;
  if (!(available >= BATCH_HEADER_SIZE)) {
    const message = `its header has ${BATCH_HEADER_SIZE} bytes, ${available} are there; it is truncated, use what is before it`;
    throw fail('short', message, BATCH_HEADER_SIZE, available);
  }
  const data = new DataView(bytes.buffer, bytes.byteOffset + position, BATCH_HEADER_SIZE);

  const magic = data.getUint32(AT.magic, true);
  if (magic !== BATCH_MAGIC) {
    throw fail(
      'magic',
      'it does not begin with "PLOG"; give it bytes recorded or sent by PacketLog',
      BATCH_MAGIC,
      magic,
    );
  }
  const version = data.getUint16(AT.version, true);
  if (version !== PROTOCOL_VERSION) {
    const message = `it is of version ${version}, this is version ${PROTOCOL_VERSION}; use @packetlog/common of the same version as the loader`;
    throw fail('version', message, PROTOCOL_VERSION, version);
  }

  const headerSize = data.getUint16(AT.header_size, true);
  const count = data.getUint32(AT.count, true);
  const stride = data.getUint16(AT.stride, true);
  const recordOffset = data.getUint16(AT.record_offset, true);
  if (headerSize < BATCH_HEADER_SIZE) {
    throw fail('shape', `its header claims ${headerSize} bytes; it is damaged, skip it`, BATCH_HEADER_SIZE, headerSize);
  }
  if (stride < recordOffset + PACKET_LOG_SIZE) {
    const message = `a stride of ${stride} bytes holds no record at offset ${recordOffset}; it is damaged, skip it`;
    throw fail('shape', message, recordOffset + PACKET_LOG_SIZE, stride);
  }
  const size = headerSize + count * stride;
  if (size > available) {
    const message = `its ${count} records make ${size} bytes, ${available} are there; it is truncated, use what is before it`;
    throw fail('short', message, size, available);
  }

  const counter = (name: (typeof BATCH_COUNTERS)[number]): number => {
    const value = data.getUint32(AT[name] + 4, true) * TWO_TO_32 + data.getUint32(AT[name], true);
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    throw fail('shape', `${name} is ${value}; it is damaged, skip it`, Number.MAX_SAFE_INTEGER, value);
  };
  return {
    count,
    stride,
    recordOffset,
    headerSize,
    sequence: counter('sequence'),
    offered: counter('offered'),
    dropped: counter('dropped'),
    withheld: counter('withheld'),
    filtered: counter('filtered'),
    clock_offset_ns: data.getBigInt64(AT.clock_offset_ns, true),
  };
}
