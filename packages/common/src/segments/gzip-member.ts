/**
 * Gzip members with an extra field (RFC 1952, 2.3.1.1), so that a reader can step over a member without decompressing
 * it: its subfield "PL" has the length of the member. BGZF of SAM tools does the same with another subfield.
 */
import { ByteReader } from './byte-reader.ts';
import { SegmentFormatError } from './segment-format-error.ts';

/** Magic, deflate, FLG.FEXTRA, no time, no flags, unknown system. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255);
/** Header, length of the extra field, id and length of its subfield. */
export const GZIP_HEAD_BYTES = HEADER.length + 6;
/** CRC-32 and length of the decompressed bytes. */
const FOOT_BYTES = 8;
const LENGTH_FIELD = 'PL';

/** Returns the bytes before a subfield of `length` bytes; `id`: two letters. */
export function gzipHead(id: string, length: number): Uint8Array {
  const head = new Uint8Array(GZIP_HEAD_BYTES);
  head.set(HEADER);
  const data = new DataView(head.buffer);
  data.setUint16(10, length + 4, true);
  data.setUint8(12, id.charCodeAt(0));
  data.setUint8(13, id.charCodeAt(1));
  data.setUint16(14, length, true);
  return head;
}

/** Returns a member. `deflated`: a raw deflate stream of `rawBytes` bytes, whose CRC-32 is `checksum`. */
export function gzipMember(deflated: Uint8Array, checksum: number, rawBytes: number): Uint8Array {
  const start = GZIP_HEAD_BYTES + 4;
  const member = new Uint8Array(start + deflated.length + FOOT_BYTES);
  const data = new DataView(member.buffer);
  member.set(gzipHead(LENGTH_FIELD, 4));
  data.setUint32(GZIP_HEAD_BYTES, member.length, true);
  member.set(deflated, start);
  data.setUint32(start + deflated.length, checksum, true);
  data.setUint32(start + deflated.length + 4, rawBytes, true);
  return member;
}

/** Returns the length of the member that begins at byte 0. @throws SegmentFormatError if its header is another. */
export function gzipMemberLength(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes);
  const head = reader.bytes(GZIP_HEAD_BYTES);
  if (gzipHead(LENGTH_FIELD, 4).some((byte, i) => byte !== head[i])) {
    throw new SegmentFormatError('it is no gzip member with a length', 0);
  }
  const length = reader.u32();
  new ByteReader(bytes).skip(length);
  return length;
}
