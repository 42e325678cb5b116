import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  block,
  fields,
  interfaceBlock,
  option,
  packetBlock,
  pcapFile,
  section,
  simplePacketBlock,
  type WrittenFrame,
} from '../../test/support/capture-file.ts';
import { CaptureReader } from './capture-reader.ts';
import { type CapturedFrame, CaptureFileError } from './captured-frame.ts';

type Read = Omit<CapturedFrame, 'bytes' | 'interface'> & { bytes: string; from: string | undefined; linkType: number };

/** Reads a file that arrives in chunks; returns the frames, and the message of an error. */
function read(file: Uint8Array, chunk = file.length): { frames: Read[]; problem: string | undefined } {
  const reader = new CaptureReader();
  const frames: Read[] = [];
  try {
    for (let at = 0; at < file.length; at += chunk) {
      reader.add(file.subarray(at, at + chunk));
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        const { bytes, interface: from, ...rest } = frame;
        frames.push({ ...rest, bytes: Buffer.from(bytes).toString('hex'), from: from.name, linkType: from.linkType });
      }
    }
    reader.end();
    return { frames, problem: undefined };
  } catch (error) {
    if (!(error instanceof CaptureFileError)) throw error;
    return { frames, problem: error.message };
  }
}

const frame = fc.record({
  bytes: fc.uint8Array({ maxLength: 90 }),
  cut: fc.nat(2000),
  timestampNs: fc.bigInt(0n, 2n ** 32n * 1_000_000_000n - 1n),
});
const written = fc
  .array(frame, { maxLength: 12 })
  .map((all) =>
    all.map(({ bytes, cut, timestampNs }): WrittenFrame => ({ bytes, length: bytes.length + cut, timestampNs })),
  );
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('a pcap file', () => {
  it('is read in either byte order and unit, in chunks of any size', () => {
    const property = fc.property(
      written,
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 1, max: 500 }),
      (frames, little, nanoseconds, chunk) => {
        const { frames: found, problem } = read(pcapFile({ little, nanoseconds, linkType: 101 }, frames), chunk);
        expect(problem).toBeUndefined();
        const unit = nanoseconds ? 1n : 1000n;
        expect(found).toEqual(
          frames.map(({ bytes, length, timestampNs }) => ({
            bytes: hex(bytes),
            length,
            timestampNs: timestampNs - (timestampNs % unit),
            isOutgoing: false,
            from: undefined,
            linkType: 101,
          })),
        );
      },
    );
    fc.assert(property);
  });

  it('that ends too early gives the whole frames, and the position of the cut one', () => {
    const frames: WrittenFrame[] = [1n, 2n].map((timestampNs) => ({ bytes: new Uint8Array(60), timestampNs }));
    const file = pcapFile({ little: true, nanoseconds: true }, frames);
    for (let length = 25 + 76; length < file.length; length++) {
      const { frames: found, problem } = read(file.subarray(0, length));
      expect(found).toHaveLength(1);
      expect(problem).toBe('the file ends in the middle of a frame or block, which begins at byte 100');
    }
  });

  it('with an impossible length is damaged there', () => {
    const file = Buffer.concat([
      pcapFile({ little: false, nanoseconds: false }, [{ bytes: new Uint8Array(60), timestampNs: 0n }]),
      fields(false, 0, 0, 300_000, 300_000),
    ]);
    expect(read(file)).toMatchObject({
      frames: [{ length: 60 }],
      problem: 'the file is damaged: a frame of 300000 captured bytes at byte 100',
    });
  });

  it('may say how long the frame check sequence is, beside the link type', () => {
    const file = pcapFile({ little: true, nanoseconds: false, linkType: 0x2400_0001 }, [
      { bytes: new Uint8Array(64), timestampNs: 0n },
    ]);
    expect(read(file).frames).toMatchObject([{ linkType: 1 }]);
  });
});

describe.each([true, false])('a pcapng file, little-endian: %s', (little) => {
  const bytes = Uint8Array.from({ length: 61 }, (_, i) => i);

  it('has interfaces with names, units of time and offsets', () => {
    const file = Buffer.concat([
      section(little),
      interfaceBlock(little, { name: 'eth0' }),
      interfaceBlock(little, { name: 'wg0', linkType: 101, resolution: 9 }),
      interfaceBlock(little, { resolution: 3, offset: 1_700_000_000n }),
      interfaceBlock(little, { resolution: 0x80 | 10 }),
      interfaceBlock(little, { resolution: 12, offset: -1n }),
      packetBlock(little, 0, 1_700_000_000_123_456n, bytes, { length: 1514 }),
      packetBlock(little, 1, 1_700_000_000_123_456_789n, bytes),
      packetBlock(little, 2, 5n, bytes),
      packetBlock(little, 3, 1024n * 3n + 512n, bytes),
      packetBlock(little, 4, 2_000_000_007_000n, bytes),
    ]);
    const { frames, problem } = read(file, 7);
    expect(problem).toBeUndefined();
    expect(frames.map(({ from, linkType, timestampNs, length }) => [from, linkType, timestampNs, length])).toEqual([
      ['eth0', 1, 1_700_000_000_123_456_000n, 1514],
      ['wg0', 101, 1_700_000_000_123_456_789n, 61],
      [undefined, 1, 1_700_000_000_005_000_000n, 61],
      [undefined, 1, 3_500_000_000n, 61],
      [undefined, 1, 1_000_000_007n, 61],
    ]);
    expect(frames.map((each) => each.bytes)).toEqual(frames.map(() => hex(bytes)));
  });

  it('has simple packets, with the time of the packet before them, and directions', () => {
    const file = Buffer.concat([
      section(little),
      interfaceBlock(little, { resolution: 9 }),
      packetBlock(little, 0, 77n, bytes, { flags: 1 }),
      simplePacketBlock(little, bytes),
      packetBlock(little, 0, 78n, bytes, { flags: 2 }),
    ]);
    expect(read(file).frames).toMatchObject([
      { timestampNs: 77n, isOutgoing: false },
      { timestampNs: 77n, isOutgoing: false, bytes: hex(bytes) },
      { timestampNs: 78n, isOutgoing: true },
    ]);
  });

  it('may have unknown blocks, however long, and sections of another byte order', () => {
    const file = Buffer.concat([
      section(little),
      block(little, 0xbad, new Uint8Array(20_000_000)),
      interfaceBlock(little, { name: 'a' }),
      packetBlock(little, 0, 1n, bytes),
      section(!little),
      interfaceBlock(!little, { name: 'b' }),
      packetBlock(!little, 0, 2n, bytes),
    ]);
    const { frames, problem } = read(file, 65_536);
    expect(problem).toBeUndefined();
    expect(frames).toMatchObject([{ from: 'a' }, { from: 'b' }]);
  });

  it.each([
    ['a frame of an interface that is not described', packetBlock(little, 3, 0n, bytes), 'interface 3'],
    ['a block that is too short', fields(little, 6, 8, 8, 8), 'a block of 8 bytes'],
    ['an odd length', fields(little, 6, 33, 0, 0), 'a block of 33 bytes'],
    [
      'two lengths',
      Buffer.concat([packetBlock(little, 0, 0n, bytes).subarray(0, -4), fields(little, 4)]),
      'a block with two lengths',
    ],
    [
      'more bytes than its block',
      block(little, 6, fields(little, 0, 0, 0, 4000, 4000, new Uint8Array(8))),
      'a frame of 4000 captured bytes',
    ],
    [
      'an option beyond its block',
      block(little, 1, Buffer.concat([fields(little, [1], [0], 0), fields(little, [2], [200]), new Uint8Array(8)])),
      'an option beyond the end of its block',
    ],
  ])('with %s is damaged there', (_, broken, problem) => {
    const file = Buffer.concat([section(little), interfaceBlock(little), packetBlock(little, 0, 1n, bytes), broken]);
    const result = read(file);
    expect(result.frames).toHaveLength(1);
    expect(result.problem).toContain(problem);
    expect(result.problem).toMatch(/ at byte \d+$/);
  });

  it('may end its options without the end option', () => {
    const body = Buffer.concat([fields(little, [1], [0], 0), option(little, 2, Buffer.from('eth7'))]);
    const file = Buffer.concat([section(little), block(little, 1, body), packetBlock(little, 0, 1n, bytes)]);
    expect(read(file)).toMatchObject({ frames: [{ from: 'eth7' }], problem: undefined });
  });
});

test('a section header has a byte order and a version', () => {
  const without = block(true, 0x0a0d0d0a, fields(true, 7, [1], [0], 0, 0));
  expect(read(without).problem).toBe('the file is damaged: a section header without byte order at byte 0');
  const later = block(true, 0x0a0d0d0a, fields(true, 0x1a2b3c4d, [2], [0], 0, 0));
  expect(read(later).problem).toBe('the file has version 2 of pcapng, and only 1 is known');
});

describe('any other file', () => {
  test.each([
    ['', 'the file is empty'],
    ['d4c3', 'the file ends in the middle of a frame or block, which begins at byte 0'],
    ['d4c3b2a102000400', 'the file ends in the middle of a frame or block, which begins at byte 0'],
    ['68656c6c6f20776f726c64', 'the file is neither pcap nor pcapng'],
    ['28b52ffd00000000', 'the file is compressed with zstd; decompress it first'],
    ['fd377a585a00', 'the file is compressed with xz; decompress it first'],
    ['425a683931', 'the file is compressed with bzip2; decompress it first'],
  ])('%s: %s', (bytes, problem) => expect(read(Buffer.from(bytes, 'hex'), 3)).toEqual({ frames: [], problem }));

  it('is an error with a message, whatever its bytes, and never anything else', () => {
    const files = [true, false].flatMap((little) => [
      pcapFile({ little, nanoseconds: true }, [
        { bytes: new Uint8Array(40), timestampNs: 1n },
        { bytes: new Uint8Array(90), timestampNs: 2n },
      ]),
      Buffer.concat([
        section(little),
        interfaceBlock(little, { name: 'x', resolution: 9, offset: 5n }),
        packetBlock(little, 0, 1n, new Uint8Array(33), { flags: 1 }),
        simplePacketBlock(little, new Uint8Array(50)),
      ]),
    ]);
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    const property = fc.property(
      fc.constantFrom(...files),
      fc.array(change, { maxLength: 8 }),
      fc.nat(400),
      fc.integer({ min: 1, max: 64 }),
      (file, changes, end, chunk) => {
        const changed = Uint8Array.from(file.subarray(0, end));
        for (const [at, value] of changes) if (changed.length > 0) changed[at % changed.length] = value;
        const { frames, problem } = read(changed, chunk);
        expect(frames.length).toBeLessThanOrEqual(10);
        if (problem !== undefined) expect(problem).toMatch(/^the file (is|has|ends)/);
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });
});
