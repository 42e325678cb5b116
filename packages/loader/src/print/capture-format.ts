/** Encodes capture files; the file name chooses the format. */
import { extname } from 'node:path';
import type { PacketLogView } from '@packetlog/common';
import {
  BATCH_HEADER_SIZE,
  PACKET_LOG_CSV_HEADER,
  PACKET_LOG_SIZE,
  PcapngEncoder,
  packetLogCsv,
  packetLogJson,
  writeBatchHeader,
} from '@packetlog/common';
import { type EncodeRecords, inLines, type Omitted } from './console-printer.ts';

export const CAPTURE_FORMATS = ['pcapng', 'ndjson', 'csv', 'packetlog'] as const;
export type CaptureFormat = (typeof CAPTURE_FORMATS)[number];

/** Returns the format for a file name, or undefined for an unknown extension. */
export function captureFormatOf(file: string): CaptureFormat | undefined {
  const extension = extname(file).slice(1).toLowerCase();
  return CAPTURE_FORMATS.find((format) => format === extension);
}

export interface CaptureEncoding {
  /** Written before the first record. */
  readonly head: string | Uint8Array;
  readonly encode: EncodeRecords;
  /** Written after the last record. */
  readonly tail?: (omitted: Omitted) => Uint8Array;
}

export function captureEncoding(format: CaptureFormat, nameOf: (ifindex: number) => string): CaptureEncoding {
  const name = (view: PacketLogView, i: number) => nameOf(view.ifindex(i));
  switch (format) {
    case 'ndjson':
      return { head: '', encode: inLines((view, i) => packetLogJson(view, i, name(view, i))) };
    case 'csv':
      return {
        head: `${PACKET_LOG_CSV_HEADER}\n`,
        encode: inLines((view, i) => packetLogCsv(view, i, name(view, i))),
      };
    case 'packetlog':
      return batches();
    default:
      return pcapng(nameOf);
  }
}

function pcapng(nameOf: (ifindex: number) => string): CaptureEncoding {
  const encoder = new PcapngEncoder(nameOf);
  return {
    head: encoder.take(),
    encode: (view, from, to) => {
      for (let i = from; i < to; i++) encoder.add(view, i);
      return encoder.take();
    },
  };
}

/**
 * Encodes batches back to back, as `readBatches` of @packetlog/common reads them. Each header counts the records
 * missing before it; an empty batch at the end counts those missing after the last record.
 */
function batches(): CaptureEncoding {
  let sequence = 0;
  let written = 0;
  let known = 0;
  const header = (bytes: Uint8Array, count: number, omitted: Omitted) => {
    written += count;
    known = omitted.dropped + omitted.withheld + omitted.filtered;
    const offered = written + omitted.dropped + omitted.withheld;
    writeBatchHeader(bytes, { sequence: sequence++, offered, ...omitted, clock_offset_ns: 0n, count });
    return bytes;
  };
  return {
    head: '',
    encode: (view, from, to, omitted) => {
      const count = to - from;
      const bytes = header(new Uint8Array(BATCH_HEADER_SIZE + count * PACKET_LOG_SIZE), count, omitted);
      for (let i = from; i < to; i++) view.copyRecord(i, bytes, BATCH_HEADER_SIZE + (i - from) * PACKET_LOG_SIZE);
      return bytes;
    },
    tail: (omitted) =>
      omitted.dropped + omitted.withheld + omitted.filtered === known
        ? new Uint8Array(0)
        : header(new Uint8Array(BATCH_HEADER_SIZE), 0, omitted),
  };
}
