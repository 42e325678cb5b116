/** The fleet's history: takes blocks of recorded packets from nodes, and keeps them in ClickHouse. */
import { SegmentFormatError } from '@packetlog/common';
import type { FleetHistory, ShipTable } from '@packetlog/common/fleet';
import type { FleetHandlers } from '../requests/handlers.ts';
import { ClickHouse, type ClickHouseTarget } from './clickhouse.ts';
import { HistoryQuestions } from './history-questions.ts';
import { readPosition } from './insert-position.ts';
import { Inserter } from './inserter.ts';
import { readShippedBlock } from './read-block.ts';
import { Spool } from './spool.ts';

export interface HistoryOptions {
  /** Whether nodes ship permitted packets, too. */
  readonly hasAll: boolean;
  readonly clickhouse: ClickHouseTarget;
  /** Of the spool; created if it is missing. Its parent must exist, and no other process may use it. */
  readonly directory: string;
  readonly maxSpoolBytes: number;
  readonly log: HistoryLog;
}

/** As of pino. The caller limits the lines. */
export interface HistoryLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

export interface ReceivedBlock {
  /** The node that has proven its key. */
  readonly node: string;
  readonly table: ShipTable;
  readonly stream: string;
  readonly sequence: number;
  /** As the node counts them. */
  readonly rows: number;
  readonly body: Buffer;
}

export type Receipt =
  | { readonly kind: 'stored' | 'duplicate' | 'full' }
  | { readonly kind: 'missing'; readonly next: number }
  | { readonly kind: 'malformed'; readonly why: string };

export class History {
  readonly questions: HistoryQuestions;
  readonly #options: HistoryOptions;
  readonly #spool: Spool;
  readonly #inserter: Inserter;
  #rows = 0;
  #blocks = 0;
  #duplicates = 0;
  #malformed = 0;
  #full = 0;

  private constructor(options: HistoryOptions, clickhouse: ClickHouse, spool: Spool, inserter: Inserter) {
    this.#options = options;
    this.questions = new HistoryQuestions({ clickhouse, hasAll: options.hasAll });
    this.#spool = spool;
    this.#inserter = inserter;
  }

  /** Reads the spool; ClickHouse need not run. Throws the file system's error. */
  static async open(options: HistoryOptions): Promise<History> {
    const { directory, log, maxSpoolBytes } = options;
    const position = await readPosition(directory);
    const spool = await Spool.open(
      {
        directory,
        maxBytes: maxSpoolBytes,
        damaged: (file, bytes) =>
          log.warn({ file, bytes }, 'the end of a file of the spool was not whole and is removed'),
        failed: (error) => log.warn({ err: error }, 'the spool cannot be written: nodes keep their blocks'),
      },
      position,
    );
    const clickhouse = new ClickHouse(options.clickhouse);
    const inserter = new Inserter({
      ...{ clickhouse, spool, directory, position },
      failed: (error) => log.warn({ err: error }, 'ClickHouse takes no blocks: they stay in the spool'),
      recovered: () => log.info({ blocks: spool.blocks }, 'ClickHouse takes blocks again'),
    });
    return new History(options, clickhouse, spool, inserter);
  }

  get counts(): FleetHistory {
    const { inserted, inserts, failures, possiblyDuplicated } = this.#inserter.counts;
    return {
      acknowledged_rows: this.#rows,
      acknowledged_blocks: this.#blocks,
      duplicate_blocks: this.#duplicates,
      malformed_blocks: this.#malformed,
      full_blocks: this.#full,
      spool_bytes: this.#spool.bytes,
      spool_max_bytes: this.#options.maxSpoolBytes,
      spool_blocks: this.#spool.blocks,
      spool_rows: this.#spool.rows,
      inserted_rows: inserted,
      inserts,
      insert_failures: failures,
      possibly_duplicated_rows: possiblyDuplicated,
      ...(this.problem !== undefined && { problem: this.problem }),
    };
  }

  /** What nodes are told to ship. */
  get wanted(): 'denied' | 'all' {
    return this.#options.hasAll ? 'all' : 'denied';
  }

  /** Why ClickHouse takes no blocks, a sentence; undefined: it does. */
  get problem(): string | undefined {
    return this.#inserter.problem?.message;
  }

  /** Whether a block of this size would not be taken now. */
  isFull(bytes: number): boolean {
    return this.#spool.isFull(bytes);
  }

  /** Answers the requests of people. */
  get handlers(): FleetHandlers {
    const { questions } = this;
    return {
      past_rates: ({ nodes, request }) => questions.rates(request, nodes),
      past_top: ({ nodes, request }) => questions.top(request, nodes),
      past_rows: ({ nodes, request }) => questions.rows(request, nodes),
      history: () => this.counts,
    };
  }

  /** Resolves with `stored` when the block is on the disk. Never rejects. */
  async receive({ node, table, stream, sequence, rows, body }: ReceivedBlock): Promise<Receipt> {
    const facts = await readShippedBlock(body, table, node).catch((error: unknown) => {
      if (error instanceof SegmentFormatError) return error.message;
      throw error;
    });
    if (typeof facts === 'string' || facts.rows !== rows) {
      const why = typeof facts === 'string' ? facts : `it has ${facts.rows} rows and not ${rows}`;
      this.#malformed++;
      this.#options.log.warn({ node, table, sequence, why }, 'a block of a node is malformed and is rejected');
      return { kind: 'malformed', why };
    }
    const added = await this.#spool.add({ ...facts, stream, sequence }, body);
    if (added.kind === 'stored') {
      this.#blocks++;
      if (table === 'packets') this.#rows += rows;
    }
    if (added.kind === 'duplicate') this.#duplicates++;
    if (added.kind === 'full') this.#full++;
    return added;
  }

  /** Ends the insert that is under way. What is left in the spool is inserted after the next start. */
  async close(): Promise<void> {
    await this.#spool.close();
    await this.#inserter.close();
  }
}
