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
  it('is an object a line', async () => {
    const lines = (await (await encoded('ndjson')).text()).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { src_port: number }).src_port)).toEqual([...Array(COUNT).keys()]);
  });

  it('is lines under their names, and nothing that a spreadsheet would run', async () => {
    const [names = '', ...lines] = (await (await encoded('csv')).text()).trimEnd().split('\n');
    const at = names.split(',').indexOf('src_port');
    expect(lines.map((line) => Number(line.split(',')[at]))).toEqual([...Array(COUNT).keys()]);
    expect(lines[0]).toMatch(/,'=cmd$/);
  });

  it('is a capture that says that its headers are rebuilt', async () => {
    const bytes = new Uint8Array(await (await encoded('pcapng')).arrayBuffer());
    expect([...bytes.subarray(0, 4)]).toEqual([0x0a, 0x0d, 0x0d, 0x0a]);
    expect(new TextDecoder().decode(bytes.subarray(0, 400))).toContain(PCAPNG_COMMENT);
  });

  it('lets the page breathe', async () => {
    let rests = 0;
    await encoded('csv', async () => void rests++);
    expect(rests).toBe(3);
  });

  it('of nothing is still a file of its kind', async () => {
    const empty = await encodeRecords(
      'csv',
      new RecordBuffer(1),
      () => '',
      async () => {},
    );
    expect((await empty.text()).split('\n')).toHaveLength(2);
  });
});
