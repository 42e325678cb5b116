import { PACKET_LOG_FIELDS, PACKET_LOG_SIZE, type PacketLogFieldName } from '@packetlog/common';

/** Offsets of a record's fields in typed arrays, for loops without allocation. */
export const RECORD_WORDS = PACKET_LOG_SIZE / 4;
export const RECORD_HALVES = PACKET_LOG_SIZE / 2;

/** Typed arrays over consecutive records. Little-endian, like the records and every browser. */
export class RecordArrays {
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Uint32Array;

  constructor(buffer: ArrayBuffer) {
    this.bytes = new Uint8Array(buffer);
    this.halves = new Uint16Array(buffer);
    this.words = new Uint32Array(buffer);
  }
}

/** Returns the byte offset of a field. */
export function byteOf(name: PacketLogFieldName): number {
  const field = PACKET_LOG_FIELDS.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`the layout has no field ${name}`);
  return field.offset;
}

export const wordOf = (name: PacketLogFieldName): number => byteOf(name) / 4;
export const halfOf = (name: PacketLogFieldName): number => byteOf(name) / 2;
