/** Questions about the fleet's history as SQL for ClickHouse. Pure. Times are ns since the Unix epoch, as text of numbers. */
import {
  ACTIONS,
  type Filter,
  filterToSql,
  HISTORY_COLUMNS,
  type HistoryColumn,
  PACKET_LOG_FIELDS,
  REASONS,
} from '@packetlog/common';
import { DATABASE } from './schema.ts';

export interface PastSelection {
  readonly fromMs: number;
  readonly toMs: number;
  readonly filter: Filter | undefined;
  /** Names of nodes, as nodeNameSchema accepts them; undefined: all. */
  readonly nodes: readonly string[] | undefined;
}

const NS_PER_MS = 1_000_000n;
const MINUTE_MS = 60_000;
const MS_PER_S = 1000;

const ICMP = '(1, 58)';
const NO_PROTOCOL = 255;
const WITH_PORTS = '(6, 17, 132, 136)';
/** As portsRead of record/read-fields.ts. */
const HAS_PORTS = `(ip_protocol IN ${WITH_PORTS} AND (src_port != 0 OR dst_port != 0 OR tcp_flags != 0 OR reason IN (${REASONS.none}, ${REASONS.malformed})))`;

const nsOf = (ms: number): bigint => BigInt(Math.ceil(ms)) * NS_PER_MS;

function whereOf({ fromMs, toMs, filter, nodes }: PastSelection): string {
  const conditions = [`timestamp_ns >= ${nsOf(fromMs)}`, `timestamp_ns < ${nsOf(toMs)}`];
  if (nodes !== undefined) conditions.push(nodesIn(nodes));
  if (filter !== undefined) conditions.push(filterToSql(filter));
  return conditions.join(' AND ');
}

function nodesIn(nodes: readonly string[]): string {
  return nodes.length === 0 ? '0' : `node IN (${nodes.map((node) => `'${node}'`).join(', ')})`;
}

/** One row: packets, bytes, records. */
export function totalSql(selection: PastSelection): string {
  return `SELECT sum(toUInt64(weight)), sum(toUInt64(weight) * length), count() FROM ${DATABASE}.packets WHERE ${whereOf(selection)}`;
}

type Columns = Readonly<Record<Exclude<HistoryColumn, 'lost'>, string>>;

function rateColumns(packets: string, bytes: string): Columns {
  const protocol = (condition: string, value: string) => `sumIf(${value}, ${condition})`;
  const [tcp, udp, icmp] = ['ip_protocol = 6', 'ip_protocol = 17', `ip_protocol IN ${ICMP}`];
  const other = `NOT (ip_protocol IN (1, 6, 17, 58))`;
  return {
    packets: `sum(${packets})`,
    bytes: `sum(${bytes})`,
    permitted: `sumIf(${packets}, action = ${ACTIONS.permit})`,
    denied: `sumIf(${packets}, action = ${ACTIONS.deny})`,
    aborted: `sumIf(${packets}, action = ${ACTIONS.aborted})`,
    denied_bytes: `sumIf(${bytes}, action = ${ACTIONS.deny})`,
    tcp: protocol(tcp, packets),
    udp: protocol(udp, packets),
    icmp: protocol(icmp, packets),
    other: protocol(other, packets),
    tcp_bytes: protocol(tcp, bytes),
    udp_bytes: protocol(udp, bytes),
    icmp_bytes: protocol(icmp, bytes),
    other_bytes: protocol(other, bytes),
  };
}

export const RATE_COLUMNS = HISTORY_COLUMNS.filter((name) => name !== 'lost');

/**
 * Whether the sums by minute answer it: without a filter, in steps of whole minutes. They have the permitted packets that a
 * node does not ship, too.
 */
export function areMinutesEnough({ fromMs, toMs, filter }: PastSelection, stepMs: number): boolean {
  return filter === undefined && [stepMs, fromMs, toMs].every((ms) => ms % MINUTE_MS === 0);
}

/** Rows: step (from 0), the columns of RATE_COLUMNS, records. */
export function ratesSql(selection: PastSelection, firstMs: number, stepMs: number): string {
  const { fromMs, toMs, nodes } = selection;
  if (!areMinutesEnough(selection, stepMs)) {
    const columns = rateColumns('toUInt64(weight)', '(toUInt64(weight) * length)');
    const list = RATE_COLUMNS.map((name) => columns[name]).join(', ');
    const step = `intDiv(timestamp_ns - ${nsOf(firstMs)}, ${nsOf(stepMs)})`;
    return `SELECT ${step} AS step, ${list}, count() FROM ${DATABASE}.packets WHERE ${whereOf(selection)} GROUP BY step ORDER BY step`;
  }
  const columns = rateColumns('packets', 'bytes');
  const list = RATE_COLUMNS.map((name) => columns[name]).join(', ');
  const step = `intDiv(toUInt32(minute) - ${firstMs / MS_PER_S}, ${stepMs / MS_PER_S})`;
  const range = `minute >= toDateTime(${fromMs / MS_PER_S}) AND minute < toDateTime(${toMs / MS_PER_S})`;
  const where = nodes === undefined ? range : `${range} AND ${nodesIn(nodes)}`;
  return `SELECT ${step} AS step, ${list}, sum(records) FROM ${DATABASE}.minutes WHERE ${where} GROUP BY step ORDER BY step`;
}

/** The lists of PastTop: what a key consists of, and which packets have it. */
export const TOP_KEYS = {
  sources: { keys: ['hex(src_addr)'], by: ['src_addr'], condition: `ip_protocol != ${NO_PROTOCOL}` },
  ports: { keys: ['ip_protocol', 'dst_port'], by: ['ip_protocol', 'dst_port'], condition: HAS_PORTS },
  pairs: {
    keys: ['hex(src_addr)', 'hex(dst_addr)'],
    by: ['src_addr', 'dst_addr'],
    condition: `ip_protocol != ${NO_PROTOCOL}`,
  },
  rules: { keys: ['rule_id'], by: ['rule_id'], condition: 'rule_id != 0' },
  interfaces: { keys: ['node', 'ifindex'], by: ['node', 'ifindex'], condition: '1' },
} as const;
export type TopList = keyof typeof TOP_KEYS;

/** Rows: the keys, packets, bytes; of sources also the number of distinct ports. Most packets first. */
export function topSql(selection: PastSelection, list: TopList, limit: number): string {
  const { keys, by, condition } = TOP_KEYS[list];
  const ports = list === 'sources' ? `, uniqExactIf((ip_protocol, dst_port), ${HAS_PORTS})` : '';
  return `SELECT ${keys.join(', ')}, sum(toUInt64(weight)) AS packets, sum(toUInt64(weight) * length) AS bytes${ports}
    FROM ${DATABASE}.packets WHERE ${whereOf(selection)} AND ${condition}
    GROUP BY ${by.join(', ')} ORDER BY packets DESC, ${by.join(', ')} LIMIT ${limit}`;
}

/** One row: packets, bytes and distinct keys of all of the list. */
export function topTotalSql(selection: PastSelection, list: TopList): string {
  const { by, condition } = TOP_KEYS[list];
  const key = by.length === 1 ? by[0] : `(${by.join(', ')})`;
  return `SELECT sum(toUInt64(weight)), sum(toUInt64(weight) * length), uniqExact(${key})
    FROM ${DATABASE}.packets WHERE ${whereOf(selection)} AND ${condition}`;
}

/** Where the rows of an earlier answer ended. */
export interface RowsBefore {
  readonly timeNs: bigint;
  /** Rows of this time that earlier answers had. */
  readonly skip: number;
}

/**
 * Rows in RowBinary, newest first: the node as a text, then a record of 64 bytes. Those of the same time are ordered by all
 * fields, so that the next answer continues where this one ends.
 */
export function rowsSql(selection: PastSelection, limit: number, before: RowsBefore | undefined): string {
  const names = PACKET_LOG_FIELDS.map(({ name }) => name);
  const until = before === undefined ? '' : ` AND timestamp_ns <= ${before.timeNs}`;
  const order = ['timestamp_ns DESC', 'node', ...names.filter((name) => name !== 'timestamp_ns')].join(', ');
  const skip = before === undefined ? '' : `${before.skip}, `;
  return `SELECT toString(node), ${names.join(', ')} FROM ${DATABASE}.packets WHERE ${whereOf(selection)}${until}
    ORDER BY ${order} LIMIT ${skip}${limit} FORMAT RowBinary`;
}
