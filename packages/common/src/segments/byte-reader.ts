/** Reads little-endian values one after the other; every read checks that the bytes are there. */
import { SegmentFormatError } from './segment-format-error.ts';

/** Longest text of a column's name, type or node. */
const MAX_TEXT_BYTES = 4096;

/** As in pcapng.ts: the ECMAScript library has no TextDecoder, browsers and Node.js do. */
declare const TextDecoder: new (
  label: 'utf-8',
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #data: DataView;
  #position = 0;

  /** Borrows `bytes`. */
  constructor(bytes: Uint8Array) {
    // `slice` of a Buffer of Node.js would not copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.#position;
  }

  /** Returns the position before the next `length` bytes, and skips them. @throws SegmentFormatError if they are missing. */
  skip(length: number): number {
    const at = this.#position;
    if (length > this.#bytes.length - at) {
      throw new SegmentFormatError(`it ends ${length - (this.#bytes.length - at)} bytes too early`, at);
    }
    this.#position += length;
    return at;
  }

  u8(): number {
    return this.#data.getUint8(this.skip(1));
  }

  u16(): number {
    return this.#data.getUint16(this.skip(2), true);
  }

  u32(): number {
    return this.#data.getUint32(this.skip(4), true);
  }

  u64(): bigint {
    return this.#data.getBigUint64(this.skip(8), true);
  }

  /** Reads a u64 that is a count. @throws SegmentFormatError above 2^53 - 1. */
  count(): number {
    const at = this.#position;
    const value = this.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new SegmentFormatError(`${value} is no count`, at);
    return Number(value);
  }

  /** Reads a LEB128 number of at most five bytes, as ClickHouse writes lengths. */
  varint(): number {
    const at = this.#position;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new SegmentFormatError('a length has more than five bytes', at);
  }

  /** Returns a view of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const at = this.skip(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Reads `length` bytes of UTF-8. */
  text(length: number): string {
    const at = this.#position;
    if (length > MAX_TEXT_BYTES) throw new SegmentFormatError(`a text has ${length} bytes`, at);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.bytes(length));
    } catch (error) {
      if (error instanceof SegmentFormatError) throw error;
      throw new SegmentFormatError('a text is not UTF-8', at);
    }
  }

  /** @throws SegmentFormatError if bytes are left. */
  end(): void {
    const left = this.#bytes.length - this.#position;
    if (left > 0) throw new SegmentFormatError(`${left} bytes too many`, this.#position);
  }
}
