/** Numbers up to 2^53 - 1 of 7 bits per byte, lowest first; the highest bit says that another byte follows (LEB128). */
import { SegmentFormatError } from '@packetlog/common';

const FIRST_BYTES = 4096;
const MAX_BYTES = 8;
const ESCAPE = 0xff;

export class VarintWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;

  write(value: number): void {
    if (this.#length + MAX_BYTES > this.#bytes.length) this.#grow();
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Writes small numbers: a byte for each, and for each of 255 or more what exceeds 255 behind all bytes. */
  writeSmall(values: ArrayLike<number>): void {
    for (let i = 0; i < values.length; i++) this.write8(Math.min(values[i] as number, ESCAPE));
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (value >= ESCAPE) this.write(value - ESCAPE);
    }
  }

  write8(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow();
    this.#bytes[this.#length++] = byte;
  }

  /** Returns what was written, as a view that the next write can change. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(): void {
    const bytes = new Uint8Array(2 * this.#bytes.length);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}

export class VarintReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** Borrows `bytes`. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** @throws SegmentFormatError if the bytes end, or if the number is larger than `max`. */
  read(max: number): number {
    const at = this.#at;
    let byte = this.#next();
    let value = byte & 0x7f;
    for (let scale = 0x80; byte >= 0x80; scale *= 0x80) {
      if (this.#at - at === MAX_BYTES) throw new SegmentFormatError('a number is too long', at);
      byte = this.#next();
      value += (byte & 0x7f) * scale;
    }
    if (value > max) throw new SegmentFormatError(`${value} is more than ${max}`, at);
    return value;
  }

  /** Fills `values` with the next numbers, and returns them. @throws SegmentFormatError as `read` */
  fill<Values extends Uint16Array | Uint32Array | Float64Array>(values: Values, max: number): Values {
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = 0; i < values.length; i++) {
      const byte = bytes[at];
      if (byte !== undefined && byte < 0x80 && byte <= max) {
        values[i] = byte;
        at++;
      } else {
        this.#at = at;
        values[i] = this.read(max);
        at = this.#at;
      }
    }
    this.#at = at;
    return values;
  }

  /** Fills `values` with what `writeSmall` wrote, in one copy but for the large ones. @throws SegmentFormatError as `read` */
  fillSmall<Values extends Uint16Array | Float64Array>(values: Values, max: number): Values {
    const bytes = this.#bytes.subarray(this.#at, this.#at + values.length);
    if (bytes.length < values.length) throw new SegmentFormatError('numbers are cut off', this.#bytes.length);
    this.#at += bytes.length;
    values.set(bytes);
    for (let i = 0; max < ESCAPE && i < bytes.length; i++) {
      if ((bytes[i] as number) > max) throw new SegmentFormatError(`a number is more than ${max}`, this.#at);
    }
    for (let i = bytes.indexOf(ESCAPE); i >= 0; i = bytes.indexOf(ESCAPE, i + 1))
      values[i] = ESCAPE + this.read(max - ESCAPE);
    return values;
  }

  /** @throws SegmentFormatError if bytes are left. */
  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw new SegmentFormatError(`${left} bytes too many`, this.#at);
  }

  #next(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new SegmentFormatError('a number is cut off', this.#at);
    this.#at++;
    return byte;
  }
}
