/** The tables in ClickHouse, created and migrated by the hub. */
import { SHIP_TABLES, SHIPPED_COLUMNS, type ShipTable } from '@packetlog/common/fleet';
import { ClickHouseError, type ClickHouseTarget, runOn } from './clickhouse.ts';

export const DATABASE = 'packetlog';
/** Increases with each migration. */
const SCHEMA_VERSION = 1;
const TIMEOUT_MS = 30_000;

export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
}

/** Of the tables with rows; with a cluster the tables without `_local` are Distributed over its shards. */
export function storingTable(table: ShipTable, cluster: string | undefined): string {
  return `${DATABASE}.${table}${cluster === undefined ? '' : '_local'}`;
}

/** Versions differ in what CREATE TABLE and INSERT know. */
export const isAtLeast = (version: ServerVersion, major: number, minor: number): boolean =>
  version.major > major || (version.major === major && version.minor >= minor);

/** `insert_deduplication_token`, and tables without ZooKeeper that use it. */
export const hasTokens = (version: ServerVersion): boolean => isAtLeast(version, 22, 4);

/**
 * Creates the tables on each server, or brings them up to date, and returns the oldest version of the servers. Repeating
 * it has no effect. Does not use ON CLUSTER, which needs ZooKeeper. Throws ClickHouseError.
 */
export async function migrate(target: ClickHouseTarget): Promise<ServerVersion> {
  const versions: ServerVersion[] = [];
  for (const url of target.urls) versions.push(await migrateServer(url, target));
  versions.sort((one, other) => one.major - other.major || one.minor - other.minor);
  return versions[0] as ServerVersion;
}

async function migrateServer(url: string, target: ClickHouseTarget): Promise<ServerVersion> {
  const run = (sql: string, settings = {}) => runOn(url, target, { sql, settings, timeoutMs: TIMEOUT_MS });
  const version = parseVersion(await run('SELECT version()'));
  await run(`CREATE DATABASE IF NOT EXISTS ${DATABASE}`);
  await run(`CREATE TABLE IF NOT EXISTS ${DATABASE}.schema (version UInt32, at DateTime) ENGINE = TinyLog`);
  const found = Number(await run(`SELECT max(version) FROM ${DATABASE}.schema`));
  if (found > SCHEMA_VERSION) {
    throw new ClickHouseError(
      url,
      `its tables are of a newer PacketLog (schema ${found}, this one knows ${SCHEMA_VERSION}). Upgrade this hub.`,
    );
  }
  // 18.16 creates columns of this type only if it is told to.
  const settings = isAtLeast(version, 20, 1) ? {} : { allow_experimental_low_cardinality_type: 1 };
  for (const sql of createStatements(version, target.cluster)) await run(sql, settings);
  if (found < SCHEMA_VERSION) await run(`INSERT INTO ${DATABASE}.schema VALUES (${SCHEMA_VERSION}, now())`);
  return version;
}

function parseVersion(text: string): ServerVersion {
  const [major = 0, minor = 0] = text.trim().split('.').map(Number);
  return { major, minor };
}

export function createStatements(version: ServerVersion, cluster: string | undefined): string[] {
  return SHIP_TABLES.flatMap((table) => {
    const columns = `(${columnsOf(table, version)})`;
    const create = `CREATE TABLE IF NOT EXISTS ${storingTable(table, cluster)} ${columns} ENGINE = ${ENGINES[table]}`;
    const settings = hasTokens(version) ? ' SETTINGS non_replicated_deduplication_window = 1000' : '';
    const storing = `${create}${settings}`;
    if (cluster === undefined) return [storing];
    const name = quoted(cluster);
    // All rows of a node are on one shard: a block is stored whole, or not at all.
    const distributed = `Distributed(${name}, ${DATABASE}, ${table}_local, cityHash64(node))`;
    return [storing, `CREATE TABLE IF NOT EXISTS ${DATABASE}.${table} ${columns} ENGINE = ${distributed}`];
  });
}

/** Partitions are days and months in UTC, whatever the time zone of the server: `ALTER TABLE … DROP PARTITION 20261201`. */
const ENGINES: Readonly<Record<ShipTable, string>> = {
  packets: `MergeTree PARTITION BY toYYYYMMDD(toDateTime(intDiv(timestamp_ns, 1000000000)), 'UTC') ORDER BY (node, timestamp_ns)`,
  minutes: 'SummingMergeTree PARTITION BY toYYYYMM(day) ORDER BY (minute, node, ip_protocol, action, rule_id)',
};

function columnsOf(table: ShipTable, version: ServerVersion): string {
  return SHIPPED_COLUMNS[table]
    .map(({ name, type }) => {
      const codec = name === 'timestamp_ns' && isAtLeast(version, 20, 1) ? ' CODEC(Delta(8), ZSTD(1))' : '';
      return `${name} ${type}${codec}`;
    })
    .join(', ');
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
