/**
 * Checks a shipped block: a hub passes it on to ClickHouse unopened and joined with those of other nodes, so one wrong
 * byte would fail the blocks of all.
 */
import { ByteReader } from '../segments/byte-reader.ts';
import { blockHead, expectHead, readDictionaryHead } from '../segments/native-bytes.ts';
import { SegmentFormatError } from '../segments/segment-format-error.ts';
import { MAX_SHIPPED_ROWS } from './fleet-limits.ts';
import type { ShipTable } from './node-messages.ts';
import { SHIPPED_COLUMNS, type ShippedColumn } from './shipped-columns.ts';

/** What a hub remembers of a block. */
export interface ShippedFacts {
  readonly table: ShipTable;
  readonly node: string;
  readonly rows: number;
  /** All rows are of this day, in days since the Unix epoch, UTC: a block is in one partition of its table. */
  readonly day: number;
  /** Of `packets`: the first row's `timestamp_ns`, and the rows that have it. */
  readonly mark?: { readonly timestampNs: bigint; readonly rows: number };
  /** Of `minutes`: sum of `records`, and the first and last minute in s since the Unix epoch. */
  readonly sums?: { readonly records: number; readonly from: number; readonly to: number };
}

const NS_PER_DAY = 86_400_000_000_000n;
const MINUTE_S = 60;
const DAY_S = 86_400;
/** A day of 1980, because ClickHouse takes smaller numbers for days, to 2100, because its times have 32 bits. */
const [FIRST_DAY, LAST_DAY] = [3653, 47_482];

/**
 * Checks a decompressed block: its columns and their types, its number of rows, its node, that all rows are of one day
 * between 1980 and 2099, and that no byte is left. @throws SegmentFormatError
 */
export function checkShippedBlock(bytes: Uint8Array, table: ShipTable, node: string): ShippedFacts {
  const reader = new ByteReader(bytes);
  const columns = SHIPPED_COLUMNS[table];
  const rows = readHead(reader, columns.length);
  const found = new Map<string, DataView>();
  for (const column of columns) {
    expectHead(reader, column.name, column.type);
    if (column.kind === 'number') found.set(column.name, viewOf(reader.bytes(rows * column.bytes)));
    else readDictionary(reader, column, rows, node);
  }
  reader.end();
  return { table, node, rows, ...(table === 'packets' ? packetFacts(found, rows) : minuteFacts(found, rows)) };
}

function readHead(reader: ByteReader, wanted: number): number {
  const columns = reader.varint();
  if (columns !== wanted) throw new SegmentFormatError(`it has ${columns} columns instead of ${wanted}`, 0);
  const rows = reader.varint();
  if (rows < 1 || rows > MAX_SHIPPED_ROWS) throw new SegmentFormatError(`it has ${rows} rows`, 1);
  // A number can be written with more bytes than it needs.
  if (reader.position !== blockHead(columns, rows).length) throw new SegmentFormatError('its head is too long', 0);
  return rows;
}

function readDictionary(reader: ByteReader, { name, kind, bytes }: ShippedColumn, rows: number, node: string): void {
  const at = reader.position;
  const { size, indexes: Indexes } = readDictionaryHead(reader);
  if (size < 1 || size > rows) throw new SegmentFormatError(`${name} has ${size} values for ${rows} rows`, at);
  if (kind === 'node') {
    const text = reader.text(reader.varint());
    if (size !== 1 || text !== node) throw new SegmentFormatError(`its node is not ${node}`, at);
  } else reader.skip(size * bytes);
  const count = reader.count();
  if (count !== rows) throw new SegmentFormatError(`${name} has ${count} indexes for ${rows} rows`, reader.position);
  const indexes = new Indexes(reader.bytes(rows * Indexes.BYTES_PER_ELEMENT).slice().buffer);
  for (let i = 0; i < rows; i++) {
    if ((indexes[i] as number) >= size)
      throw new SegmentFormatError(`${name} has an index without a value`, reader.position);
  }
}

function packetFacts(columns: ReadonlyMap<string, DataView>, rows: number): Pick<ShippedFacts, 'day' | 'mark'> {
  const times = columns.get('timestamp_ns') as DataView;
  const first = times.getBigUint64(0, true);
  const day = first / NS_PER_DAY;
  let marked = 0;
  for (let i = 0; i < rows; i++) {
    const time = times.getBigUint64(8 * i, true);
    if (time === first) marked++;
    else if (time / NS_PER_DAY !== day) throw new SegmentFormatError('its rows are of several days', 0);
  }
  return { day: knownDay(Number(day)), mark: { timestampNs: first, rows: marked } };
}

function minuteFacts(columns: ReadonlyMap<string, DataView>, rows: number): Pick<ShippedFacts, 'day' | 'sums'> {
  const read = (name: string) => columns.get(name) as DataView;
  const [days, minutes, records] = [read('day'), read('minute'), read('records')];
  const day = knownDay(days.getUint16(0, true));
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const minute = minutes.getUint32(4 * i, true);
    if (days.getUint16(2 * i, true) !== day || Math.floor(minute / DAY_S) !== day || minute % MINUTE_S !== 0)
      throw new SegmentFormatError('its rows are of several days, or not of a minute', 0);
    from = Math.min(from, minute);
    to = Math.max(to, minute);
    const each = Number(records.getBigUint64(8 * i, true));
    // ClickHouse removes rows whose sums are zero.
    if (each < 1 || each > Number.MAX_SAFE_INTEGER)
      throw new SegmentFormatError('it has a row without a number of records', 0);
    sum += each;
  }
  return { day, sums: { records: sum, from, to } };
}

function knownDay(day: number): number {
  if (day >= FIRST_DAY && day < LAST_DAY) return day;
  throw new SegmentFormatError('its rows are not of the years 1980 to 2099', 0);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
