import { PacketLogView, readBatches } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { numberedRecord } from '../../test/support/fake-ring.ts';
import { CAPTURE_FORMATS, captureEncoding, captureFormatOf } from './capture-format.ts';

const NOTHING = { dropped: 0, withheld: 0, filtered: 0 };

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
  ])('writes %s as %s', (file, format) => {
    expect(captureFormatOf(file)).toBe(format);
  });
});

describe('captureEncoding', () => {
  it('writes exactly the requested records, in each format', () => {
    for (const format of CAPTURE_FORMATS) {
      const { encode } = captureEncoding(format, () => 'eth0');
      const whole = Buffer.from(encode(view(5), 0, 5, NOTHING)).length;
      const first = Buffer.from(captureEncoding(format, () => 'eth0').encode(view(5), 0, 2, NOTHING)).length;
      expect(first).toBeLessThan(whole);
    }
  });

  it('writes batches that the codec reads back, byte for byte', () => {
    const { encode } = captureEncoding('packetlog', () => 'eth0');
    const file = Buffer.concat([
      Buffer.from(encode(view(5), 0, 3, NOTHING)),
      Buffer.from(encode(view(5), 3, 5, NOTHING)),
    ]);
    const read = [...readBatches(file)];
    expect(read.map(({ sequence, offered, length }) => ({ sequence, offered, length }))).toEqual([
      { sequence: 0, offered: 3, length: 3 },
      { sequence: 1, offered: 5, length: 2 },
    ]);
    expect(read.flatMap((batch) => [...batch])).toEqual([...view(5)]);
  });

  it('states in each batch what was omitted before it, and after the last one in an empty batch', () => {
    const { encode, tail } = captureEncoding('packetlog', () => 'eth0');
    const before = { dropped: 7, withheld: 2, filtered: 3 };
    const after = { ...before, dropped: 9 };
    const file = Buffer.concat([
      Buffer.from(encode(view(5), 0, 2, NOTHING)),
      Buffer.from(encode(view(5), 2, 5, before)),
      tail?.(after) ?? Buffer.alloc(0),
      tail?.(after) ?? Buffer.alloc(0),
    ]);
    const read = [...readBatches(file)];
    expect(
      read.map(({ length, offered, dropped, withheld, filtered }) => [length, offered, dropped, withheld, filtered]),
    ).toEqual([
      [2, 2, 0, 0, 0],
      [3, 14, 7, 2, 3],
      [0, 16, 9, 2, 3],
    ]);
  });

  it('writes a header line before the first CSV row', () => {
    const { head, encode } = captureEncoding('csv', () => 'eth0');
    const [names = '', first = ''] = `${head}${encode(view(1), 0, 1, NOTHING)}`.split('\n');
    expect(first.split(',')).toHaveLength(names.split(',').length);
    expect(first).toMatch(/,eth0$/);
  });
});
