/**
 * Finds out which blocks of an insert are in ClickHouse when its answer was lost. A block has one node and one day, so it
 * is in one part of one shard: it was stored whole, or not at all.
 */
import type { ClickHouse } from './clickhouse.ts';
import { DATABASE } from './schema.ts';
import type { BlockFacts } from './spool-frame.ts';

const TIMEOUT_MS = 60_000;
/** Names of 10,000 nodes. */
const settings = { max_query_size: 4 * 1024 * 1024 };
/** Marks in one statement. */
const MARKS_AT_ONCE = 1000;

/** Sums of `records` by node and day, as `node day`. */
export type SumsBefore = Readonly<Record<string, number>>;

export interface Checked {
  /** For each block whether it is stored. */
  readonly isStored: readonly boolean[];
  /** Rows that may be stored although their blocks count as not stored. */
  readonly doubtfulRows: number;
}

const keyOf = ({ node, day }: Pick<BlockFacts, 'node' | 'day'>): string => `${node} ${day}`;

/** Returns whether a statement with this id still runs on a server. Throws ClickHouseError. */
export async function isRunning(clickhouse: ClickHouse, id: string): Promise<boolean> {
  const { cluster } = clickhouse.target;
  const table = cluster === undefined ? 'system.processes' : `cluster('${cluster}', system, processes)`;
  const sql = `SELECT count() FROM ${table} WHERE initial_query_id = '${id}'`;
  return Number((await clickhouse.run({ sql, timeoutMs: TIMEOUT_MS })).trim()) > 0;
}

/**
 * Checks blocks of `packets`: looks for the first time of each block, which no other block of its node has. Times have
 * nanoseconds; where they are equal nevertheless, the block counts as not stored.
 */
export async function checkPackets(clickhouse: ClickHouse, blocks: readonly BlockFacts[]): Promise<Checked> {
  const markOf = ({ node, mark }: BlockFacts) => `${node} ${mark?.timestampNs}`;
  const wanted = new Map<string, number>();
  for (const block of blocks) wanted.set(markOf(block), (wanted.get(markOf(block)) ?? 0) + (block.mark?.rows ?? 0));
  const found = new Map<string, number>();
  for (let at = 0; at < blocks.length; at += MARKS_AT_ONCE) {
    const some = blocks.slice(at, at + MARKS_AT_ONCE);
    const nodes = [...new Set(some.map(({ node }) => `'${node}'`))].join(', ');
    const times = [...new Set(some.map(({ mark }) => String(mark?.timestampNs)))].join(', ');
    const sql = `SELECT node, toString(timestamp_ns), count() FROM ${DATABASE}.packets
      WHERE node IN (${nodes}) AND timestamp_ns IN (${times}) GROUP BY node, timestamp_ns`;
    for (const [node, time, rows] of await clickhouse.rows({ sql, settings, timeoutMs: TIMEOUT_MS }))
      found.set(`${node} ${time}`, Number(rows));
  }
  let doubtfulRows = 0;
  const isStored = blocks.map((block) => {
    const rows = found.get(markOf(block)) ?? 0;
    if (rows === wanted.get(markOf(block))) return true;
    if (rows > 0) doubtfulRows += block.rows;
    return false;
  });
  return { isStored, doubtfulRows };
}

/** Returns the sums by node and day in the minutes of these blocks. Call before the insert. Throws ClickHouseError. */
export async function minutesBefore(clickhouse: ClickHouse, blocks: readonly BlockFacts[]): Promise<SumsBefore> {
  const nodes = [...new Set(blocks.map(({ node }) => `'${node}'`))].join(', ');
  const from = Math.min(...blocks.map(({ sums }) => sums?.from ?? 0));
  const to = Math.max(...blocks.map(({ sums }) => sums?.to ?? 0));
  const sql = `SELECT node, toUInt32(day), sum(records) FROM ${DATABASE}.minutes
    WHERE minute >= toDateTime(${from}) AND minute <= toDateTime(${to}) AND node IN (${nodes}) GROUP BY node, day`;
  const rows = await clickhouse.rows({ sql, settings, timeoutMs: TIMEOUT_MS });
  return Object.fromEntries(rows.map(([node, day, records]) => [`${node} ${day}`, Number(records)]));
}

/**
 * Checks blocks of `minutes`, whose rows ClickHouse adds up: compares the sums with those before the insert. If the hub is
 * killed while it sends, ClickHouse 18.16 stores the blocks that it had read: of each node and day, the first ones.
 */
export async function checkMinutes(
  clickhouse: ClickHouse,
  blocks: readonly BlockFacts[],
  before: SumsBefore,
): Promise<Checked> {
  const now = await minutesBefore(clickhouse, blocks);
  const addedTo = (key: string) => (now[key] ?? 0) - (before[key] ?? 0);
  /** Records of a block and of those of its node and day before it. */
  const upTo: number[] = [];
  const sums = new Map<string, number>();
  /** Nodes and days of which the first blocks are exactly what was added. */
  const known = new Set<string>();
  for (const block of blocks) {
    const key = keyOf(block);
    const sum = (sums.get(key) ?? 0) + (block.sums?.records ?? 0);
    sums.set(key, sum);
    upTo.push(sum);
    if (sum === addedTo(key)) known.add(key);
  }
  let doubtfulRows = 0;
  const isStored = blocks.map((block, i) => {
    const key = keyOf(block);
    if (known.has(key)) return (upTo[i] ?? 0) <= addedTo(key);
    if (addedTo(key) !== 0) doubtfulRows += block.rows;
    return false;
  });
  return { isStored, doubtfulRows };
}
