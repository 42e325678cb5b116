/** Writes the 64 bytes in front of the records; see batch-layout.ts. Apart from the reader, which is all that pages load. */
import { PROTOCOL_VERSION } from '../protocol/limits.ts';
import { PACKET_LOG_SIZE } from '../record/layout.ts';
import { BATCH_COUNTERS, type BatchCounters, type BatchHeader, TWO_TO_32 } from './batch-header.ts';
import { BATCH_HEADER_FIELDS as AT, BATCH_HEADER_SIZE, BATCH_MAGIC } from './batch-layout.ts';

/**
 * Writes the first 64 bytes of `target`; `stride` is 64 and `recordOffset` 0 when absent.
 * @throws RangeError when `target` is shorter or a value does not fit.
 */
export function writeBatchHeader(
  target: Uint8Array,
  header: BatchHeader & { count: number; stride?: number; recordOffset?: number },
): void {
  const { count, stride = PACKET_LOG_SIZE, recordOffset = 0, clock_offset_ns } = header;
  if (target.length < BATCH_HEADER_SIZE) {
    throw new RangeError(`a batch header needs ${BATCH_HEADER_SIZE} bytes, the target has ${target.length}`);
  }
  checkInteger('count', count, 0, 0xffff_ffff);
  checkInteger('recordOffset', recordOffset, 0, 0xffff - PACKET_LOG_SIZE);
  checkInteger('stride', stride, recordOffset + PACKET_LOG_SIZE, 0xffff);
  for (const name of BATCH_COUNTERS) checkInteger(name, header[name], 0, Number.MAX_SAFE_INTEGER);
  if (BigInt.asIntN(64, clock_offset_ns) !== clock_offset_ns) {
    throw new RangeError(`clock_offset_ns is ${clock_offset_ns}: it must be a signed integer of 64 bits`);
  }

  const data = new DataView(target.buffer, target.byteOffset, BATCH_HEADER_SIZE);
  data.setUint32(AT.magic, BATCH_MAGIC, true);
  data.setUint16(AT.version, PROTOCOL_VERSION, true);
  data.setUint16(AT.header_size, BATCH_HEADER_SIZE, true);
  data.setUint32(AT.count, count, true);
  data.setUint16(AT.stride, stride, true);
  data.setUint16(AT.record_offset, recordOffset, true);
  data.setBigInt64(AT.clock_offset_ns, clock_offset_ns, true);
  writeBatchCounters(target, 0, header);
}

/**
 * Writes only the counters, into the header at `position` of `target`, for a copy that goes to another receiver. They
 * must be integers from 0 to 2^53 - 1. That is not checked, because this runs once per receiver.
 */
export function writeBatchCounters(target: Uint8Array, position: number, counters: BatchCounters): void {
  writeUint64(target, position + AT.sequence, counters.sequence);
  writeUint64(target, position + AT.offered, counters.offered);
  writeUint64(target, position + AT.dropped, counters.dropped);
  writeUint64(target, position + AT.withheld, counters.withheld);
  writeUint64(target, position + AT.filtered, counters.filtered);
}

function writeUint64(target: Uint8Array, at: number, value: number): void {
  const low = value >>> 0;
  const high = (value - low) / TWO_TO_32;
  for (let i = 0; i < 4; i++) {
    target[at + i] = low >>> (8 * i);
    target[at + 4 + i] = high >>> (8 * i);
  }
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${name} is ${value}: it must be an integer from ${min} to ${max}`);
}
