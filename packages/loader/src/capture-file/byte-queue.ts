/** The bytes of a file that were read but not parsed yet. Offsets of methods count from the first of them. */

const START_BYTES = 256 * 1024;

export class ByteQueue {
  #bytes = new Uint8Array(START_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #start = 0;
  #end = 0;
  #position = 0;
  /** Bytes to discard on arrival. */
  #owed = 0;

  /** Position in the file of the first byte in the queue. */
  get position(): number {
    return this.#position;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Whether `skip` went beyond the bytes that have arrived. */
  get isSkipping(): boolean {
    return this.#owed > 0;
  }

  /** Copies bytes to the end. Invalidates what `peek` returned. */
  push(chunk: Uint8Array): void {
    const discarded = Math.min(this.#owed, chunk.length);
    this.#owed -= discarded;
    const bytes = chunk.subarray(discarded);
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Returns `count` bytes from `at`, without a copy; all must have arrived. */
  peek(at: number, count: number): Uint8Array {
    return this.#bytes.subarray(this.#start + at, this.#start + at + count);
  }

  u16(at: number, little: boolean): number {
    return this.#view.getUint16(this.#start + at, little);
  }

  u32(at: number, little: boolean): number {
    return this.#view.getUint32(this.#start + at, little);
  }

  /** Discards bytes, also those that have not arrived yet. */
  skip(count: number): void {
    const here = Math.min(count, this.length);
    this.#start += here;
    this.#owed += count - here;
    this.#position += count;
  }

  #makeRoom(count: number): void {
    if (this.#end + count <= this.#bytes.length) return;
    const length = this.length;
    let size = this.#bytes.length;
    while (size < length + count) size *= 2;
    const bytes = size === this.#bytes.length ? this.#bytes : new Uint8Array(size);
    bytes.set(this.#bytes.subarray(this.#start, this.#end));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    this.#start = 0;
    this.#end = length;
  }
}
