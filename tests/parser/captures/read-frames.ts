/**
 * Reads frames of capture files: a second reader, apart from the loader's. Small files are read whole; a file ends at
 * the first byte that makes no sense.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export interface RealFrame {
  readonly link: 'ethernet' | 'ip';
  /** As captured. */
  readonly bytes: Buffer;
  /** Of the whole frame. */
  readonly length: number;
  /** Time in the file; absent for frames that were made, and where the file has none. */
  readonly timestampNs?: bigint;
}

const LINKS = new Map<number, RealFrame['link']>([
  [1, 'ethernet'],
  [12, 'ip'],
  [101, 'ip'],
  [228, 'ip'],
  [229, 'ip'],
]);

export function readFrames(path: string): RealFrame[] {
  const packed = readFileSync(path);
  const bytes = packed.readUInt16BE(0) === 0x1f8b ? gunzipSync(packed) : packed;
  if (bytes.length < 24) return [];
  const magic = bytes.readUInt32BE(0);
  if (magic === 0x0a0d0d0a) return pcapng(bytes);
  const little = [0xd4c3b2a1, 0x4d3cb2a1].includes(magic);
  if (little || [0xa1b2c3d4, 0xa1b23c4d].includes(magic)) return pcap(bytes, little);
  return [];
}

const u32 = (bytes: Buffer, at: number, little: boolean) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
const u16 = (bytes: Buffer, at: number, little: boolean) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));

function pcap(bytes: Buffer, little: boolean): RealFrame[] {
  const link = LINKS.get(u32(bytes, 20, little) & 0xffff);
  const isNano = u32(bytes, 0, little) === 0xa1b23c4d;
  const frames: RealFrame[] = [];
  if (link === undefined) return frames;
  for (let at = 24; at + 16 <= bytes.length; ) {
    const captured = u32(bytes, at + 8, little);
    const end = at + 16 + captured;
    if (captured > 262_144 || end > bytes.length) break;
    const fraction = BigInt(u32(bytes, at + 4, little)) * (isNano ? 1n : 1000n);
    frames.push({
      link,
      bytes: bytes.subarray(at + 16, end),
      length: Math.max(captured, u32(bytes, at + 12, little)),
      timestampNs: BigInt(u32(bytes, at, little)) * 1_000_000_000n + fraction,
    });
    at = end;
  }
  return frames;
}

function pcapng(bytes: Buffer): RealFrame[] {
  const frames: RealFrame[] = [];
  let links: (RealFrame['link'] | undefined)[] = [];
  let units: bigint[] = [];
  let little = true;
  for (let at = 0; at + 12 <= bytes.length; ) {
    const isSection = bytes.readUInt32BE(at) === 0x0a0d0d0a;
    if (isSection) little = bytes.readUInt32BE(at + 8) === 0x4d3c2b1a;
    if (isSection) [links, units] = [[], []];
    const type = u32(bytes, at, little);
    const total = u32(bytes, at + 4, little);
    if (total < 12 || total % 4 !== 0 || at + total > bytes.length) break;
    if (type === 1) {
      links.push(LINKS.get(u16(bytes, at + 8, little)));
      units.push(nsPerUnit(bytes.subarray(at + 16, at + total - 4), little));
    }
    const number = type === 6 ? u32(bytes, at + 8, little) : 0;
    const link = links[number];
    const [data, captured, length] =
      type === 6
        ? [28, u32(bytes, at + 20, little), u32(bytes, at + 24, little)]
        : [12, u32(bytes, at + 8, little), u32(bytes, at + 8, little)];
    if ((type === 6 || type === 3) && link !== undefined) {
      const kept = Math.min(captured, total - data - 4);
      const ticks = (BigInt(u32(bytes, at + 12, little)) << 32n) | BigInt(u32(bytes, at + 16, little));
      frames.push({
        link,
        bytes: bytes.subarray(at + data, at + data + kept),
        length: Math.max(kept, length),
        ...(type === 6 && { timestampNs: ticks * (units[number] ?? 1000n) }),
      });
    }
    at += total;
  }
  return frames;
}

/** Returns the length of a time unit from the options of an interface (`if_tsresol`); microseconds where there is none. */
function nsPerUnit(options: Buffer, little: boolean): bigint {
  for (let at = 0; at + 5 <= options.length; at += 4 + Math.ceil(u16(options, at + 2, little) / 4) * 4) {
    if (u16(options, at, little) === 9) return options[at + 4] === 9 ? 1n : 1000n;
  }
  return 1000n;
}
