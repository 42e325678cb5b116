/**
 * Moves blocks from the spool into ClickHouse: once a second all blocks of a table are one INSERT, whose body is their
 * gzip members one after the other. Each row is inserted once, even if an answer is lost or the hub is killed: an insert
 * is noted before it begins, and afterwards the tables are asked which of its blocks they have.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { SHIP_TABLES, SHIPPED_COLUMNS, type ShipTable } from '@packetlog/common/fleet';
import { type ClickHouse, ClickHouseError, type Settings } from './clickhouse.ts';
import { type Checked, checkMinutes, checkPackets, isRunning, minutesBefore } from './insert-check.ts';
import { type PendingInsert, type Position, writePosition } from './insert-position.ts';
import { DATABASE, hasTokens, migrate, type ServerVersion } from './schema.ts';
import type { Spool, SpoolPart } from './spool.ts';
import type { BlockFacts } from './spool-frame.ts';

const PAUSE_MS = 1000;
const MAX_RETRY_MS = 30_000;
/** Within this time, a server begins an insert that it had received when its client or another server was killed. */
const SETTLE_MS = 2000;
const INSERT_MS = 60_000;
/** ClickHouse makes one part of fewer rows than this in a statement (`min_insert_block_size_rows`). */
const MAX_ROWS = 500_000;
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_BLOCKS = 5000;
/** ClickHouse rejects an insert into more than 100 partitions. */
const MAX_DAYS = 30;

export interface InsertCounts {
  /** Rows of `packets` that are in ClickHouse, since the hub started. */
  inserted: number;
  /** Rows of both tables that may be there twice. */
  possiblyDuplicated: number;
  inserts: number;
  /** Inserts that failed, or whose answer was lost. */
  failures: number;
}

export interface InserterOptions {
  readonly clickhouse: ClickHouse;
  readonly spool: Spool;
  /** Of the spool. */
  readonly directory: string;
  readonly position: Position;
  /** Called when ClickHouse does not take blocks; again only after it has taken some. */
  readonly failed: (error: Error) => void;
  readonly recovered: () => void;
}

export class Inserter {
  readonly counts: InsertCounts = { inserted: 0, possiblyDuplicated: 0, inserts: 0, failures: 0 };
  readonly #options: InserterOptions;
  #position: Position;
  #version: ServerVersion | undefined;
  #problem: Error | undefined;
  #failuresInRow = 0;
  /** Blocks of an insert at most: less after failures, so that one that is too large for the server is divided. */
  #maxBlocks = MAX_BLOCKS;
  #isClosed = false;
  #wake: () => void = () => {};
  readonly #ended: Promise<void>;

  constructor(options: InserterOptions) {
    this.#options = options;
    this.#position = options.position;
    this.#ended = this.#run();
  }

  /** Why ClickHouse takes no blocks; undefined: it does. */
  get problem(): Error | undefined {
    return this.#problem;
  }

  /** Resolves when the insert that is under way has ended. What is left stays in the spool. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      let isMore = false;
      try {
        this.#version ??= await migrate(this.#options.clickhouse.target);
        isMore = await this.#insertSome();
        this.#succeeded();
      } catch (error) {
        this.#failed(error as Error);
      }
      if (!isMore && !this.#isClosed) await this.#pause();
    }
  }

  #succeeded(): void {
    this.#failuresInRow = 0;
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    this.#options.recovered();
  }

  #failed(error: Error): void {
    this.counts.failures++;
    this.#failuresInRow++;
    if (error instanceof ClickHouseError && error.code !== undefined) {
      this.#maxBlocks = Math.max(1, Math.floor(this.#maxBlocks / 2));
      // The tables may have been removed.
      this.#version = undefined;
    }
    if (this.#problem === undefined) this.#options.failed(error);
    this.#problem = error;
  }

  /** A second; after failures up to 30 s, at random, so that several hubs do not come at the same time. */
  #pause(): Promise<void> {
    const most = Math.min(MAX_RETRY_MS, PAUSE_MS * 2 ** this.#failuresInRow);
    const ms = this.#failuresInRow === 0 ? PAUSE_MS : Math.max(PAUSE_MS / 4, Math.random() * most);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Inserts blocks from the beginning of the spool. Returns whether others are left. */
  async #insertSome(): Promise<boolean> {
    const { spool } = this.#options;
    const doubtful = this.#partInDoubt();
    const part = doubtful ?? this.#nextPart();
    if (part === undefined) return false;
    let pending = doubtful && this.#position.insert;
    for (const table of SHIP_TABLES) {
      // Of the tables before the one in doubt all blocks were inserted.
      if (pending !== undefined && SHIP_TABLES.indexOf(table) < SHIP_TABLES.indexOf(pending.table)) continue;
      await this.#insertTable(part, table, pending?.table === table ? pending : undefined);
      pending = undefined;
    }
    await this.#move({ file: part.file, offset: endOf(part) });
    this.counts.inserted += part.frames.reduce((sum, { facts }) => sum + rowsOf(facts), 0);
    this.#maxBlocks = Math.min(MAX_BLOCKS, this.#maxBlocks * 2);
    spool.remove(part);
    await spool.clean();
    return spool.blocks > 0;
  }

  #partInDoubt(): SpoolPart | undefined {
    const { file, insert } = this.#position;
    return insert && this.#options.spool.upTo(file, insert.to);
  }

  #nextPart(): SpoolPart | undefined {
    const { spool } = this.#options;
    let rows = 0;
    let bytes = 0;
    let blocks = 0;
    const days = new Set<number>();
    return spool.first((facts, size) => {
      rows += facts.rows;
      bytes += size;
      blocks++;
      days.add(facts.day);
      return rows <= MAX_ROWS && bytes <= MAX_BYTES && blocks <= this.#maxBlocks && days.size <= MAX_DAYS;
    });
  }

  async #insertTable(part: SpoolPart, table: ShipTable, inDoubt: PendingInsert | undefined): Promise<void> {
    const { clickhouse, spool } = this.#options;
    let frames = part.frames.filter(({ facts }) => facts.table === table);
    if (frames.length === 0) return;
    let before = inDoubt?.before;
    if (inDoubt !== undefined) {
      await delay(SETTLE_MS);
      const { isStored, doubtfulRows } = await this.#check(
        table,
        frames.map(({ facts }) => facts),
        inDoubt,
      );
      frames = frames.filter((_, i) => !isStored[i]);
      this.counts.possiblyDuplicated += doubtfulRows;
      if (frames.length === 0) return;
    } else if (table === 'minutes') {
      before = await minutesBefore(
        clickhouse,
        frames.map(({ facts }) => facts),
      );
    }
    const id = randomUUID();
    await this.#move({ ...startOf(part), insert: { table, to: endOf(part), id, ...(before && { before }) } });
    const rows = Buffer.concat(await spool.read({ file: part.file, frames }));
    const names = SHIPPED_COLUMNS[table].map(({ name }) => name).join(', ');
    await clickhouse.run({
      sql: `INSERT INTO ${DATABASE}.${table} (${names}) FORMAT Native`,
      rows,
      settings: this.#settings(id),
      timeoutMs: INSERT_MS,
    });
    this.counts.inserts++;
  }

  #settings(id: string): Settings {
    const { cluster } = this.#options.clickhouse.target;
    return {
      query_id: id,
      // It answers when the shards have the rows.
      ...(cluster !== undefined && { insert_distributed_sync: 1 }),
      ...(this.#version && hasTokens(this.#version) && { insert_deduplication_token: id, async_insert: 0 }),
    };
  }

  async #check(table: ShipTable, blocks: readonly BlockFacts[], { id, before }: PendingInsert): Promise<Checked> {
    const { clickhouse } = this.#options;
    // It could store its blocks after they were looked for.
    if (await isRunning(clickhouse, id)) throw new Error('an insert without an answer still runs');
    return table === 'packets'
      ? await checkPackets(clickhouse, blocks)
      : await checkMinutes(clickhouse, blocks, before ?? {});
  }

  async #move(position: Position): Promise<void> {
    await writePosition(this.#options.directory, position);
    this.#position = position;
  }
}

const startOf = ({ file, frames }: SpoolPart): Position => ({ file, offset: frames[0]?.start ?? 0 });
const endOf = ({ frames }: SpoolPart): number => frames.at(-1)?.end ?? 0;
const rowsOf = ({ table, rows }: BlockFacts): number => (table === 'packets' ? rows : 0);
