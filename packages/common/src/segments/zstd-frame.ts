/** Finds the end of a zstd frame without decompressing it (RFC 8878, 3.1). */
import { ByteReader } from './byte-reader.ts';
import { SegmentFormatError } from './segment-format-error.ts';

const MAGIC = 0xfd2f_b528;
const SINGLE_SEGMENT = 0x20;
const HAS_CHECKSUM = 0x04;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const CHECKSUM_BYTES = 4;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

/** Returns the length of the frame that begins at byte 0. @throws SegmentFormatError if it is damaged or not whole. */
export function zstdFrameLength(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes);
  if (reader.u32() !== MAGIC) throw new SegmentFormatError('it is no zstd frame', 0);
  const descriptor = reader.u8();
  const isSingle = (descriptor & SINGLE_SEGMENT) !== 0;
  const sizeBytes = CONTENT_SIZE_BYTES[(descriptor >> 6) as 0 | 1 | 2 | 3];
  reader.skip(isSingle ? 0 : 1);
  reader.skip(DICTIONARY_ID_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3]);
  reader.skip(sizeBytes === 0 && isSingle ? 1 : sizeBytes);
  for (let isLast = false; !isLast; ) {
    const header = reader.u16() + reader.u8() * 0x1_0000;
    const type = (header >> 1) & 3;
    if (type === RESERVED_BLOCK) throw new SegmentFormatError('it has a block of unknown type', reader.position - 3);
    reader.skip(type === RLE_BLOCK ? 1 : header >> 3);
    isLast = (header & 1) === 1;
  }
  reader.skip(descriptor & HAS_CHECKSUM ? CHECKSUM_BYTES : 0);
  return reader.position;
}
