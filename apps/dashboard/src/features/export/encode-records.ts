/** Encodes records into a file in parts, so that the page stays responsive. */
import {
  PACKET_LOG_CSV_HEADER,
  type PacketLogView,
  PcapngEncoder,
  packetLogCsv,
  packetLogJson,
} from '@packetlog/common';
import type { ExportFormat } from './file-name.ts';
import type { RecordBuffer } from './record-buffer.ts';

/** Records per part: a few milliseconds of work. */
const RECORDS_PER_PART = 4096;

const MEDIA_TYPES: Readonly<Record<ExportFormat, string>> = {
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  pcapng: 'application/x-pcapng',
};

type NameOf = (ifindex: number) => string;
type Encode = (view: PacketLogView, from: number, to: number) => string | Uint8Array<ArrayBuffer>;

/** Encodes the records in parts and awaits `yieldToPage` between them. */
export async function encodeRecords(
  format: ExportFormat,
  records: RecordBuffer,
  nameOf: NameOf,
  yieldToPage: () => Promise<void>,
): Promise<Blob> {
  const { head, encode } = encoding(format, nameOf);
  const parts: BlobPart[] = [head];
  for (const view of records.views()) {
    for (let from = 0; from < view.length; from += RECORDS_PER_PART) {
      // Each part is its own Blob: the browser may move it to disk and free the text.
      parts.push(new Blob([encode(view, from, Math.min(view.length, from + RECORDS_PER_PART))]));
      await yieldToPage();
    }
  }
  return new Blob(parts, { type: MEDIA_TYPES[format] });
}

function encoding(format: ExportFormat, nameOf: NameOf): { head: BlobPart; encode: Encode } {
  if (format === 'pcapng') {
    const encoder = new PcapngEncoder(nameOf);
    const head = encoder.take();
    const encode: Encode = (view, from, to) => {
      for (let i = from; i < to; i++) encoder.add(view, i);
      return encoder.take();
    };
    return { head, encode };
  }
  const line = format === 'csv' ? packetLogCsv : packetLogJson;
  return {
    head: format === 'csv' ? `${PACKET_LOG_CSV_HEADER}\n` : '',
    encode: (view, from, to) => {
      let text = '';
      for (let i = from; i < to; i++) text += `${line(view, i, nameOf(view.ifindex(i)))}\n`;
      return text;
    },
  };
}
