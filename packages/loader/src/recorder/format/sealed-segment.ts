/** A sealed file: reads the index from its end, and only the columns that are requested. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import {
  type AddressColumn,
  type AddressField,
  type BlockPartKind,
  decodeAddresses,
  decodeDictionary,
  decodeIndex,
  decodeNode,
  decodeNumbers,
  dictionarySize,
  MAX_INDEX_BYTES,
  type NumberColumn,
  PACKET_LOG_FIELDS,
  type PacketLogFieldName,
  type RecordColumns,
  recordsOf,
  type SegmentFacts,
  SegmentFormatError,
  type SegmentFrame,
  type SegmentIndex,
} from '@packetlog/common';
import { freeBytes } from '../../free-bytes.ts';
import { decompressFrame } from './compression.ts';
import { CorruptSegmentError } from './corrupt-segment-error.ts';
import { ifPresent } from './if-present.ts';
import { rebuildIndex } from './rebuild-index.ts';
import type { ColumnsNamed, Segment, SegmentFile } from './segment.ts';

/** For compressed frames: new memory for each would cost more than reading them. Grows to the largest. */
let scratch = new Uint8Array(0);

const ALL_FIELDS = PACKET_LOG_FIELDS.map(({ name }) => name);

export class SealedSegment implements Segment {
  readonly file: SegmentFile;
  readonly index: SegmentIndex;
  /** Set if the index was damaged and has been computed from the frames. */
  readonly indexProblem: CorruptSegmentError | undefined;
  readonly #fd: number;
  /** Returned by `dictionary`; freed when the segment is closed. */
  readonly #dictionaries: Uint8Array[] = [];

  /** Returns undefined if the file is gone. @throws CorruptSegmentError if neither index nor frames can be read. */
  static open(file: SegmentFile): SealedSegment | undefined {
    const fd = ifPresent(() => openSync(file.path, 'r'));
    if (fd === undefined) return undefined;
    try {
      return new SealedSegment({ ...file, bytes: fstatSync(fd).size }, fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  private constructor(file: SegmentFile, fd: number) {
    this.file = file;
    this.#fd = fd;
    const tailBytes = Math.min(file.bytes, MAX_INDEX_BYTES);
    const tailAt = file.bytes - tailBytes;
    try {
      this.index = decodeIndex(this.#readInto(scratchOf(tailBytes), tailAt), file.bytes);
    } catch (error) {
      this.indexProblem = this.#corrupt('index', tailAt, error);
      try {
        this.index = rebuildIndex(this.#read(0, file.bytes), file.kind === 'gzip' ? 'gzip' : 'zstd');
      } catch (cause) {
        const position = cause instanceof SegmentFormatError ? cause.position : 0;
        throw this.#corrupt('index', position, cause);
      }
    }
  }

  get facts(): SegmentFacts {
    return this.index;
  }

  get node(): string {
    return this.#decode('node', 'whole', (part) => decodeNode(part).node);
  }

  columns<K extends PacketLogFieldName>(names: readonly K[]): ColumnsNamed<K> {
    const values = names.map((name) => [name, this.#column(name)]);
    return { count: this.index.records, ...Object.fromEntries(values) } as ColumnsNamed<K>;
  }

  records(): Uint8Array {
    return recordsOf(this.columns(ALL_FIELDS));
  }

  dictionary(column: AddressField): Uint8Array {
    const dictionary = this.#decode(column, 'dictionary', (part) => decodeDictionary(column, part));
    this.#dictionaries.push(dictionary);
    return dictionary;
  }

  /** Returns the number of addresses that `dictionary` returns, without reading it. */
  dictionarySize(column: AddressField): number {
    return dictionarySize(column, this.#frame(column, 'dictionary').rawBytes);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    for (const dictionary of this.#dictionaries) freeBytes(dictionary);
  }

  #column(name: PacketLogFieldName): AddressColumn | RecordColumns[NumberColumn] {
    const { records } = this.index;
    if (name !== 'src_addr' && name !== 'dst_addr') {
      return this.#decode(name, 'whole', (part) => decodeNumbers(name, part, records));
    }
    const dictionary = this.#part(this.#frame(name, 'dictionary'));
    try {
      return this.#decode(name, 'indexes', (indexes) => decodeAddresses(name, dictionary, indexes, records));
    } finally {
      freeBytes(dictionary);
    }
  }

  /** `decode` must copy: the part is freed. */
  #decode<T>(column: string, kind: BlockPartKind, decode: (part: Uint8Array) => T): T {
    const frame = this.#frame(column, kind);
    const part = this.#part(frame);
    try {
      return decode(part);
    } catch (error) {
      throw this.#corrupt(column, frame.offset, error);
    } finally {
      freeBytes(part);
    }
  }

  #frame(column: string, kind: BlockPartKind): SegmentFrame {
    const frame = this.index.frames.find((each) => each.column === column && each.kind === kind);
    if (frame === undefined) throw this.#corrupt(column, this.file.bytes, new Error('it is missing'));
    return frame;
  }

  /** Returns a frame's bytes after decompression. */
  #part({ column, offset, bytes, rawBytes, crc32: checksum }: SegmentFrame): Uint8Array {
    try {
      const frame = this.#readInto(scratchOf(bytes), offset);
      if (crc32(frame) !== checksum) throw new Error('its checksum is wrong');
      const part = decompressFrame(this.index.compression, frame, rawBytes);
      if (part.length !== rawBytes) throw new Error(`it has ${part.length} bytes instead of ${rawBytes}`);
      return part;
    } catch (error) {
      throw this.#corrupt(column, offset, error);
    }
  }

  #read(offset: number, length: number): Uint8Array {
    return this.#readInto(new Uint8Array(length), offset);
  }

  #readInto(bytes: Uint8Array, offset: number): Uint8Array {
    for (let at = 0; at < bytes.length; ) {
      const read = readSync(this.#fd, bytes, at, bytes.length - at, offset + at);
      if (read === 0) throw new SegmentFormatError('the file ends too early', at);
      at += read;
    }
    return bytes;
  }

  /** Errors of the file system stay what they are: a failed read is no damage of the file. */
  #corrupt(column: string, offset: number, cause: unknown): CorruptSegmentError {
    if ((cause as NodeJS.ErrnoException).syscall !== undefined) throw cause;
    const problem = cause instanceof Error ? cause.message : String(cause);
    return new CorruptSegmentError({ file: this.file.path, column, offset, problem, cause });
  }
}

/** Valid until the next call. */
function scratchOf(bytes: number): Uint8Array {
  if (scratch.length < bytes) scratch = new Uint8Array(bytes);
  return scratch.subarray(0, bytes);
}
