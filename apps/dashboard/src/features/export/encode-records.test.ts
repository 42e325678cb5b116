import { PCAPNG_COMMENT } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { makeBatch, makePacket } from '../../../test/support/samples.ts';
import { encodeRecords } from './encode-records.ts';
import type { ExportFormat } from './file-name.ts';
import { RecordBuffer } from './record-buffer.ts';

const COUNT = 10_000;
const BATCH = makeBatch(Array.from({ length: COUNT }, (_, i) => makePacket({ src_port: i })));

async function encoded(format: ExportFormat, rest = async () => {}): Promise<Blob> {
  const buffer = new RecordBuffer(COUNT);
  buffer.append(BATCH);
  return encodeRecords(format, buffer, () => '=cmd', rest);
}

describe('an export', () => {
  it('as NDJSON has one object per line', async () => {
    const lines = (await (await encoded('ndjson')).text()).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { src_port: number }).src_port)).toEqual([...Array(COUNT).keys()]);
  });

  it('as CSV has a header, and no cell that a spreadsheet would run', async () => {
    const [names = '', ...lines] = (await (await encoded('csv')).text()).trimEnd().split('\n');
    const at = names.split(',').indexOf('src_port');
    expect(lines.map((line) => Number(line.split(',')[at]))).toEqual([...Array(COUNT).keys()]);
    expect(lines[0]).toMatch(/,'=cmd$/);
  });

  it('as pcapng is marked as having rebuilt headers', async () => {
    const bytes = new Uint8Array(await (await encoded('pcapng')).arrayBuffer());
    expect([...bytes.subarray(0, 4)]).toEqual([0x0a, 0x0d, 0x0d, 0x0a]);
    expect(new TextDecoder().decode(bytes.subarray(0, 400))).toContain(PCAPNG_COMMENT);
  });

  it('yields to the page between parts', async () => {
    let rests = 0;
    await encoded('csv', async () => void rests++);
    expect(rests).toBe(3);
  });

  it('without records is a valid file', async () => {
    const empty = await encodeRecords(
      'csv',
      new RecordBuffer(1),
      () => '',
      async () => {},
    );
    expect((await empty.text()).split('\n')).toHaveLength(2);
  });
});
