import { PACKET_LOG_SIZE, PacketLogView } from '@packetlog/common';
import { isMarkerAt, readMarker } from '../../node/rows/marker.ts';
import { byteOf } from '../../node/rows/record-arrays.ts';
import type { RecordRing } from '../../node/rows/record-ring.ts';

const IFINDEX_AT = byteOf('ifindex');

/** Records per piece of memory: 4 MiB. */
const RECORDS_PER_PIECE = 65_536;

/** Records of an export, in order of arrival, up to a limit. Memory grows in pieces. */
export class RecordBuffer {
  readonly limit: number;
  readonly #pieces: Uint8Array<ArrayBuffer>[] = [];
  #length = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get length(): number {
    return this.#length;
  }

  get full(): boolean {
    return this.#length >= this.limit;
  }

  /** Copies as many records as fit. `indexOf` replaces interface numbers. */
  append(batch: PacketLogView, indexOf?: (ifindex: number) => number): void {
    const count = Math.min(batch.length, this.limit - this.#length);
    for (let i = 0; i < count; i++) {
      const piece = this.#pieceFor();
      const at = this.#nextAt();
      batch.copyRecord(i, piece, at);
      if (indexOf !== undefined) {
        new DataView(piece.buffer).setUint32(at + IFINDEX_AT, indexOf(batch.ifindex(i)), true);
      }
    }
  }

  appendBytes(bytes: Uint8Array): void {
    if (!this.full) this.#pieceFor().set(bytes, this.#nextAt());
  }

  #pieceFor(): Uint8Array<ArrayBuffer> {
    const number = Math.floor(this.#length / RECORDS_PER_PIECE);
    this.#pieces[number] ??= new Uint8Array(
      Math.min(RECORDS_PER_PIECE, this.limit - number * RECORDS_PER_PIECE) * PACKET_LOG_SIZE,
    );
    return this.#pieces[number];
  }

  #nextAt(): number {
    return (this.#length++ % RECORDS_PER_PIECE) * PACKET_LOG_SIZE;
  }

  /** Views of all pieces, in order. */
  *views(): Generator<PacketLogView> {
    let left = this.#length;
    for (const bytes of this.#pieces) {
      const count = Math.min(left, RECORDS_PER_PIECE);
      left -= count;
      yield new PacketLogView(bytes, { count, stride: PACKET_LOG_SIZE, recordOffset: 0 });
    }
  }

  /** Times of the first and last record, ms since the epoch; null if there are none. */
  get span(): { readonly fromMs: number; readonly toMs: number } | null {
    let first: number | null = null;
    let last = 0;
    for (const view of this.views()) {
      if (view.length === 0) continue;
      first ??= view.timestampMs(0);
      last = view.timestampMs(view.length - 1);
    }
    return first === null ? null : { fromMs: first, toMs: last };
  }
}

/** What is missing between rows, by cause. */
export interface Gaps {
  readonly lost: number;
  /** Rows withheld while the page was paused. */
  readonly paused: number;
  /** Number of times that the loader was unreachable or restarted. */
  readonly away: number;
}

/** Copies the rows of the table, oldest first, and counts the gaps between them. */
export function recordsOfRing(ring: RecordRing): { readonly records: RecordBuffer; readonly gaps: Gaps } {
  const records = new RecordBuffer(ring.size);
  let [lost, paused, away] = [0, 0, 0];
  for (let row = ring.end - ring.size; row < ring.end; row++) {
    const bytes = ring.slotBytes(row);
    if (!isMarkerAt(bytes, 0)) {
      records.appendBytes(bytes);
      continue;
    }
    const marker = readMarker(bytes);
    if (marker?.kind === 'lost') lost += marker.rows;
    else if (marker?.kind === 'paused') paused += marker.rows;
    else if (marker !== null && marker.kind !== 'filtered') away++;
  }
  return { records, gaps: { lost, paused, away } };
}
