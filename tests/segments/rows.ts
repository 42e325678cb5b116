/** What a stranger must find in segment files. */
import { readFileSync } from 'node:fs';
import { PACKET_LOG_FIELDS, PACKET_LOG_SIZE } from '@packetlog/common';

interface Traffic {
  take(records: number): Uint8Array;
}

const GENERATOR = new URL('../../packages/loader/test/support/generated-traffic.ts', import.meta.url).href;
const PAGE = new URL('../../docs/segments.md', import.meta.url);

/** The columns, as docs/segments.md has them. */
export const COLUMNS = /```sql\n(.*?)```/s.exec(readFileSync(PAGE, 'utf8'))?.[1] ?? '';
export const FIELDS = PACKET_LOG_FIELDS.map(({ name, type }) => (type === 'addr' ? `hex(${name})` : name)).join(', ');
export const NODE = 'web-1.example.com';

/** A full segment, and one with a few records: their dictionaries have indexes of two bytes and of one. */
export async function generatedBlocks(): Promise<Uint8Array[]> {
  const { GeneratedTraffic } = (await import(GENERATOR)) as { GeneratedTraffic: new () => Traffic };
  const traffic = new GeneratedTraffic();
  return [traffic.take(65_536), traffic.take(150)];
}

/** What `SELECT ${FIELDS} … FORMAT TSV` prints for these records. */
export function rowsOf(records: Uint8Array): string[] {
  const data = new DataView(records.buffer, records.byteOffset, records.byteLength);
  const read = {
    u8: (at: number) => data.getUint8(at),
    u16: (at: number) => data.getUint16(at, true),
    u32: (at: number) => data.getUint32(at, true),
    u64: (at: number) => data.getBigUint64(at, true),
    addr: (at: number) =>
      Buffer.from(records.subarray(at, at + 16))
        .toString('hex')
        .toUpperCase(),
  };
  return Array.from({ length: records.length / PACKET_LOG_SIZE }, (_, i) =>
    PACKET_LOG_FIELDS.map(({ offset, type }) => read[type](i * PACKET_LOG_SIZE + offset)).join('\t'),
  );
}
