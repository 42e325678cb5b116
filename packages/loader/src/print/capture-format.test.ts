import { PacketLogView, readBatches } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { numberedRecord } from '../ring/fake-ring.ts';
import { CAPTURE_FORMATS, captureEncoding, captureFormatOf } from './capture-format.ts';

function view(count: number): PacketLogView {
  const bytes = new Uint8Array(count * 64);
  for (let i = 0; i < count; i++) bytes.set(numberedRecord(i), i * 64);
  return new PacketLogView(bytes, { count, stride: 64, recordOffset: 0 });
}

describe('captureFormatOf', () => {
  it.each([
    ['a.pcapng', 'pcapng'],
    ['/tmp/b.NDJSON', 'ndjson'],
    ['c.csv', 'csv'],
    ['d.packetlog', 'packetlog'],
    ['e.pcap', undefined],
    ['pcapng', undefined],
    ['-', undefined],
  ])('takes %s as %s', (file, format) => {
    expect(captureFormatOf(file)).toBe(format);
  });
});

describe('captureEncoding', () => {
  it('writes the records it is asked for and no others, in each format', () => {
    for (const format of CAPTURE_FORMATS) {
      const { encode } = captureEncoding(format, () => 'eth0');
      const whole = Buffer.from(encode(view(5), 0, 5)).length;
      const first = Buffer.from(captureEncoding(format, () => 'eth0').encode(view(5), 0, 2)).length;
      expect(first).toBeLessThan(whole);
    }
  });

  it('writes batches that the codec reads back, byte for byte', () => {
    const { encode } = captureEncoding('packetlog', () => 'eth0');
    const file = Buffer.concat([Buffer.from(encode(view(5), 0, 3)), Buffer.from(encode(view(5), 3, 5))]);
    const read = [...readBatches(file)];
    expect(read.map(({ sequence, offered, length }) => ({ sequence, offered, length }))).toEqual([
      { sequence: 0, offered: 3, length: 3 },
      { sequence: 1, offered: 5, length: 2 },
    ]);
    expect(read.flatMap((batch) => [...batch])).toEqual([...view(5)]);
  });

  it('has a line of names before the first of CSV', () => {
    const { head, encode } = captureEncoding('csv', () => 'eth0');
    const [names = '', first = ''] = `${head}${encode(view(1), 0, 1)}`.split('\n');
    expect(first.split(',')).toHaveLength(names.split(',').length);
    expect(first).toMatch(/,eth0$/);
  });
});
