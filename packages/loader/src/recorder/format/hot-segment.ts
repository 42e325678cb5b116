/** A hot file: records as they were drained, 64 bytes each. */
import { readFileSync } from 'node:fs';
import {
  type AddressField,
  columnsOf,
  factsOf,
  PACKET_LOG_SIZE,
  type PacketLogFieldName,
  type RecordColumns,
  type SegmentFacts,
} from '@packetlog/common';
import { ifPresent } from './if-present.ts';
import type { ColumnsNamed, Segment, SegmentFile } from './segment.ts';

export class HotSegment implements Segment {
  readonly file: SegmentFile;
  readonly node = undefined;
  readonly #records: Uint8Array;
  #columns: RecordColumns | undefined;
  #facts: SegmentFacts | undefined;

  /** Reads the file as it is now; a last record that is not whole is ignored. Returns undefined if it is gone. */
  static open(file: SegmentFile): HotSegment | undefined {
    const bytes = ifPresent(() => readFileSync(file.path));
    if (bytes === undefined) return undefined;
    const whole = bytes.subarray(0, bytes.length - (bytes.length % PACKET_LOG_SIZE));
    return new HotSegment({ ...file, bytes: bytes.length }, whole);
  }

  private constructor(file: SegmentFile, records: Uint8Array) {
    this.file = file;
    this.#records = records;
  }

  get facts(): SegmentFacts {
    this.#facts ??= factsOf(this.#all());
    return this.#facts;
  }

  columns<K extends PacketLogFieldName>(_names: readonly K[]): ColumnsNamed<K> {
    return this.#all();
  }

  dictionary(column: AddressField): Uint8Array {
    return this.#all()[column].dictionary;
  }

  records(): Uint8Array {
    return this.#records;
  }

  [Symbol.dispose](): void {}

  #all(): RecordColumns {
    this.#columns ??= columnsOf(this.#records);
    return this.#columns;
  }
}
