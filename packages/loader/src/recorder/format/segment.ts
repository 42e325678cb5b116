/** A segment: up to 65,536 records in one file, either hot (raw records) or sealed (compressed columns). */
import type {
  AddressField,
  PacketLogFieldName,
  RecordColumns,
  SegmentCompression,
  SegmentFacts,
} from '@packetlog/common';

export interface SegmentFile {
  /** Order of time. */
  readonly sequence: number;
  readonly kind: 'hot' | SegmentCompression;
  readonly path: string;
  /** At the time of listing or opening. */
  readonly bytes: number;
}

/** The columns with these names, and the number of records. */
export type ColumnsNamed<K extends PacketLogFieldName> = Pick<RecordColumns, K | 'count'>;

/** All methods are synchronous: use it in a worker or a command, not on a thread that serves clients. */
export interface Segment extends Disposable {
  readonly file: SegmentFile;
  readonly facts: SegmentFacts;
  /** The node in the file; undefined for a hot file. */
  readonly node: string | undefined;
  /** Reads and decompresses only these columns. @throws CorruptSegmentError naming the first damaged one. */
  columns<K extends PacketLogFieldName>(names: readonly K[]): ColumnsNamed<K>;
  /**
   * Returns the distinct addresses, 16 bytes each, without reading the indexes. Valid while the segment is open.
   * @throws CorruptSegmentError
   */
  dictionary(column: AddressField): Uint8Array;
  /** Returns all records, 64 bytes each. @throws CorruptSegmentError */
  records(): Uint8Array;
}
