/**
 * Marks in the pipe from the drain thread to the server process: what is in the slabs, and what happened between two
 * slabs, in order.
 */

/** At most PIPE_BUF, so that a mark is written whole or not at all: pipe(7). */
export const MARK_BYTES = 24;
/**
 * Size of what follows the slabs in the shared memory. It begins with the number of bytes that were written to the pipe
 * since the server process began to read it: modulo 2^32, little-endian. So the server sees cheaply that marks wait.
 */
export const AFTER_SLABS_BYTES = 4096;

export type RowMark =
  /** `slab` holds `count` records and belongs to the server until it is released; `skipped` more were withheld. */
  | { readonly kind: 'rows'; readonly slab: number; readonly count: number; readonly skipped: number }
  | { readonly kind: 'skipped'; readonly skipped: number }
  /** The oldest unanswered request for rows takes effect from here on; `skipped` rows passed before. */
  | { readonly kind: 'rowsWanted'; readonly skipped: number }
  /** Offset of the monotonic clock to the wall clock, for the rows that follow. */
  | { readonly kind: 'clock'; readonly offsetNs: bigint }
  /** The report with this number covers the rows up to here. */
  | { readonly kind: 'report'; readonly number: number }
  /** No more rows follow. */
  | { readonly kind: 'end' };

const KINDS = ['rows', 'skipped', 'rowsWanted', 'clock', 'report', 'end'] as const;
/** Offsets of the fields; all integers are little-endian. */
const AT = { kind: 0, slab: 4, count: 8, skipped: 12, offsetNs: 16 } as const;

/** Encodes a mark into `bytes`, MARK_BYTES long, and returns them. */
export function encodeMark(mark: RowMark, bytes: Uint8Array = new Uint8Array(MARK_BYTES)): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, MARK_BYTES);
  bytes.fill(0);
  view.setUint32(AT.kind, KINDS.indexOf(mark.kind), true);
  if (mark.kind === 'rows') {
    view.setUint32(AT.slab, mark.slab, true);
    view.setUint32(AT.count, mark.count, true);
  }
  if (mark.kind === 'report') view.setUint32(AT.count, mark.number, true);
  if ('skipped' in mark) view.setUint32(AT.skipped, mark.skipped, true);
  if (mark.kind === 'clock') view.setBigInt64(AT.offsetNs, mark.offsetNs, true);
  return bytes;
}

/** Decodes the mark at `offset`. Throws RangeError for an unknown kind. */
export function decodeMark(bytes: Uint8Array, offset: number): RowMark {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, MARK_BYTES);
  const kind = KINDS[view.getUint32(AT.kind, true)];
  const count = view.getUint32(AT.count, true);
  const skipped = view.getUint32(AT.skipped, true);
  switch (kind) {
    case 'rows':
      return { kind, slab: view.getUint32(AT.slab, true), count, skipped };
    case 'skipped':
    case 'rowsWanted':
      return { kind, skipped };
    case 'clock':
      return { kind, offsetNs: view.getBigInt64(AT.offsetNs, true) };
    case 'report':
      return { kind, number: count };
    case 'end':
      return { kind };
    default:
      throw new RangeError('unknown mark');
  }
}
