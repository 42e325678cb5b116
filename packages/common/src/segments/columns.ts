/** Records as columns: what filters and sums over many records read. */
import { PACKET_LOG_SIZE } from '../record/layout.ts';
import { AddressDictionary, type AddressIndexes, narrowIndexes } from './address-column.ts';

/**
 * Addresses as a dictionary and one index per record: a test of an address runs once per distinct address, and most
 * blocks have a few thousand of them.
 */
export interface AddressColumn {
  /** 16 bytes per distinct address, in network byte order, in the order of their first records. */
  readonly dictionary: Uint8Array;
  /** One per record: the position of its address in the dictionary. */
  readonly indexes: AddressIndexes;
}

/** Fields are named as in layout.ts; numbers have the byte order of the machine. All columns have `count` entries. */
export interface RecordColumns {
  readonly count: number;
  readonly timestamp_ns: BigUint64Array;
  readonly src_addr: AddressColumn;
  readonly dst_addr: AddressColumn;
  readonly rule_id: Uint32Array;
  readonly ifindex: Uint32Array;
  readonly length: Uint16Array;
  readonly weight: Uint16Array;
  readonly src_port: Uint16Array;
  readonly dst_port: Uint16Array;
  readonly ether_type: Uint16Array;
  readonly vlan_id: Uint16Array;
  readonly ip_protocol: Uint8Array;
  readonly tcp_flags: Uint8Array;
  readonly action: Uint8Array;
  readonly reason: Uint8Array;
}

/** 32-bit words of a record. */
const WORDS = PACKET_LOG_SIZE / 4;

/**
 * Converts records, as they lie in a ring, a slab or a hot file, to columns. Copies: the result does not depend on
 * `records` afterwards.
 *
 * Reads a record as sixteen little-endian words, so it needs a little-endian machine, as the record itself does in the
 * kernel; columns.test.ts compares it with the layout.
 *
 * @throws RangeError when `records` is no multiple of 64 bytes.
 */
export function columnsOf(records: Uint8Array): RecordColumns {
  const count = records.length / PACKET_LOG_SIZE;
  if (!Number.isInteger(count)) {
    throw new RangeError(
      `${records.length} bytes are not whole records of ${PACKET_LOG_SIZE}; cut the last, incomplete record off`,
    );
  }
  const words = wordsOf(records);
  const columns = emptyColumns(count);
  writeNumbers(words, columns);
  return {
    ...columns,
    src_addr: addressColumn(words, count, 2),
    dst_addr: addressColumn(words, count, 6),
  };
}

/**
 * Converts columns back to records of 64 bytes each. `rows` selects some: it has one byte for each record, 0 or 1, as a
 * column filter writes them; entries behind `count` are ignored.
 */
export function recordsOf(columns: RecordColumns, rows?: Uint8Array): Uint8Array {
  const { count } = columns;
  let selected = count;
  if (rows !== undefined) {
    selected = 0;
    for (let i = 0; i < count; i++) selected += rows[i] as number;
  }
  const words = new Uint32Array(selected * WORDS);
  const times = new Uint32Array(columns.timestamp_ns.buffer, columns.timestamp_ns.byteOffset, 2 * count);
  const source = wordsOf(columns.src_addr.dictionary);
  const destination = wordsOf(columns.dst_addr.dictionary);
  for (let i = 0, at = 0; i < count; i++) {
    if (rows !== undefined && rows[i] !== 1) continue;
    words[at] = times[2 * i] as number;
    words[at + 1] = times[2 * i + 1] as number;
    const from = 4 * (columns.src_addr.indexes[i] as number);
    const to = 4 * (columns.dst_addr.indexes[i] as number);
    for (let word = 0; word < 4; word++) {
      words[at + 2 + word] = source[from + word] as number;
      words[at + 6 + word] = destination[to + word] as number;
    }
    words[at + 10] = columns.rule_id[i] as number;
    words[at + 11] = columns.ifindex[i] as number;
    words[at + 12] = (columns.length[i] as number) | ((columns.weight[i] as number) << 16);
    words[at + 13] = (columns.src_port[i] as number) | ((columns.dst_port[i] as number) << 16);
    words[at + 14] = (columns.ether_type[i] as number) | ((columns.vlan_id[i] as number) << 16);
    words[at + 15] =
      (columns.ip_protocol[i] as number) |
      ((columns.tcp_flags[i] as number) << 8) |
      ((columns.action[i] as number) << 16) |
      ((columns.reason[i] as number) << 24);
    at += WORDS;
  }
  return new Uint8Array(words.buffer);
}

type NumberColumns = Omit<RecordColumns, 'src_addr' | 'dst_addr'>;

function emptyColumns(count: number): NumberColumns {
  return {
    count,
    timestamp_ns: new BigUint64Array(count),
    rule_id: new Uint32Array(count),
    ifindex: new Uint32Array(count),
    length: new Uint16Array(count),
    weight: new Uint16Array(count),
    src_port: new Uint16Array(count),
    dst_port: new Uint16Array(count),
    ether_type: new Uint16Array(count),
    vlan_id: new Uint16Array(count),
    ip_protocol: new Uint8Array(count),
    tcp_flags: new Uint8Array(count),
    action: new Uint8Array(count),
    reason: new Uint8Array(count),
  };
}

/** Arrays store the low bits of a number. */
function writeNumbers(words: Uint32Array, columns: NumberColumns): void {
  const { count, rule_id, ifindex, length, weight, src_port, dst_port, ether_type, vlan_id } = columns;
  const { ip_protocol, tcp_flags, action, reason } = columns;
  const times = new Uint32Array(columns.timestamp_ns.buffer);
  for (let i = 0, at = 0; i < count; i++, at += WORDS) {
    times[2 * i] = words[at] as number;
    times[2 * i + 1] = words[at + 1] as number;
    rule_id[i] = words[at + 10] as number;
    ifindex[i] = words[at + 11] as number;
    const sizes = words[at + 12] as number;
    length[i] = sizes;
    weight[i] = sizes >>> 16;
    const ports = words[at + 13] as number;
    src_port[i] = ports;
    dst_port[i] = ports >>> 16;
    const link = words[at + 14] as number;
    ether_type[i] = link;
    vlan_id[i] = link >>> 16;
    const bytes = words[at + 15] as number;
    ip_protocol[i] = bytes;
    tcp_flags[i] = bytes >>> 8;
    action[i] = bytes >>> 16;
    reason[i] = bytes >>> 24;
  }
}

/** `first`: the address's first word in a record. */
function addressColumn(words: Uint32Array, count: number, first: number): AddressColumn {
  const signed = new Int32Array(words.buffer, words.byteOffset, words.length);
  const dictionary = new AddressDictionary();
  const indexes = new Uint32Array(count);
  for (let i = 0, at = first; i < count; i++, at += WORDS) {
    indexes[i] = dictionary.indexOf(
      signed[at] as number,
      signed[at + 1] as number,
      signed[at + 2] as number,
      signed[at + 3] as number,
    );
  }
  return { dictionary: dictionary.bytes(), indexes: narrowIndexes(indexes, dictionary.size) };
}

/** Copies bytes that are not aligned; `slice` of a Buffer of Node.js would not copy. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}
