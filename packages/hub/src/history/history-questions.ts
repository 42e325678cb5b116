/** Answers questions about the fleet's history: the same as those that a node answers about its own recorded packets. */
import {
  formatAddress,
  HISTORY_COLUMNS,
  interfacesNamed,
  PACKET_LOG_SIZE,
  type PastRates,
  type PastTop,
  parseFilter,
  pastRequestSchemas,
  stepFor,
} from '@packetlog/common';
import type { FleetPastRows } from '@packetlog/common/fleet';
import { FleetRejection } from '../requests/handlers.ts';
import { type ClickHouse, ClickHouseError, type Settings } from './clickhouse.ts';
import {
  areMinutesEnough,
  type PastSelection,
  RATE_COLUMNS,
  type RowsBefore,
  ratesSql,
  rowsSql,
  TOP_KEYS,
  type TopList,
  topSql,
  topTotalSql,
  totalSql,
} from './past-sql.ts';

const ANSWER_S = 20;
const TIMEOUT_MS = (ANSWER_S + 10) * 1000;
/** Nothing can be changed, and one question cannot take the whole server. */
const LIMITS: Settings = {
  readonly: 2,
  max_execution_time: ANSWER_S,
  max_result_rows: 100_000,
  max_memory_usage: 2_000_000_000,
  max_query_size: 4 * 1024 * 1024,
};
/** Questions that are answered at the same time. */
const MAX_AT_ONCE = 4;
const MAX_WAITING = 32;
const RETRY_MS = 2000;
/** ClickHouse's TIMEOUT_EXCEEDED, TOO_MANY_ROWS, MEMORY_LIMIT_EXCEEDED. */
const TOO_LARGE: ReadonlySet<number> = new Set([159, 158, 160, 241, 307]);
const CURSOR = /^(\d{1,20})-(\d{1,15})-0$/;

export interface HistoryQuestionsOptions {
  readonly clickhouse: ClickHouse;
  /** Whether the nodes ship permitted packets, too. */
  readonly hasAll: boolean;
}

export class HistoryQuestions {
  readonly #options: HistoryQuestionsOptions;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: HistoryQuestionsOptions) {
    this.#options = options;
  }

  /** `request`: of `past:rates`; `nodes`: undefined for all. Rejects with FleetRejection. */
  rates(given: unknown, nodes: readonly string[] | undefined): Promise<PastRates> {
    return this.#answer(async () => {
      const request = parsed('rates', given);
      const selection = selectionOf(request, nodes);
      const { stepMs, count } = stepFor(request);
      const firstMs = Math.floor(request.from_ms / stepMs) * stepMs;
      const rows = await this.#rows(ratesSql(selection, firstMs, stepMs));
      const columns = Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, new Array<number>(count).fill(0)]));
      let [packets, records] = [0, 0];
      for (const [step, ...values] of rows) {
        RATE_COLUMNS.forEach((name, i) => {
          (columns[name] as number[])[Number(step)] = Number(values[i]);
        });
        packets += Number(values[0]);
        records += Number(values.at(-1));
      }
      const missing = areMinutesEnough(selection, stepMs) ? [] : this.#missing();
      return {
        step_ms: stepMs,
        first_at_ms: firstMs,
        columns: columns as PastRates['columns'],
        coverage: { packets, records, missing },
      };
    });
  }

  /** As `rates`. `interfaces` has the name of the node and the index of its interface; `groups` are not answered. */
  top(given: unknown, nodes: readonly string[] | undefined): Promise<PastTop> {
    return this.#answer(async () => {
      const request = parsed('top', given);
      const selection = selectionOf(request, nodes);
      const { limit = 10, group } = request;
      const lists: Partial<Record<TopList, PastTop['sources']>> = {};
      for (const name of Object.keys(TOP_KEYS) as TopList[]) {
        const [total = []] = await this.#rows(topTotalSql(selection, name));
        const rows = await this.#rows(topSql(selection, name, limit));
        lists[name] = listOf(name, rows, total) as PastTop['sources'];
      }
      const [[packets, , records] = []] = await this.#rows(totalSql(selection));
      return {
        ...(lists as unknown as Omit<PastTop, 'coverage'>),
        ...(group !== undefined && { groups_problem: 'The hub does not group sources. Ask a node.' }),
        coverage: { packets: Number(packets), records: Number(records), missing: this.#missing() },
      };
    });
  }

  /** As `rates`. `nodes` of the answer: the node of each row. */
  rows(given: unknown, nodes: readonly string[] | undefined): Promise<FleetPastRows> {
    return this.#answer(async () => {
      const request = parsed('rows', given);
      const before = request.before === undefined ? undefined : cursorOf(request.before);
      const sql = rowsSql(selectionOf(request, nodes), request.limit + 1, before);
      const all = readRows(await this.#options.clickhouse.bytes({ sql, settings: LIMITS, timeoutMs: TIMEOUT_MS }));
      const rows = all.slice(0, request.limit);
      const next = all.length > request.limit ? nextOf(rows, before) : undefined;
      rows.reverse();
      return {
        records: Buffer.concat(rows.map(({ record }) => record)).toString('base64'),
        interfaces: [],
        nodes: rows.map(({ node }) => node),
        ...(next !== undefined && { next }),
      };
    });
  }

  #rows(sql: string): Promise<unknown[][]> {
    return this.#options.clickhouse.rows({ sql, settings: LIMITS, timeoutMs: TIMEOUT_MS });
  }

  #missing(): PastRates['coverage']['missing'] {
    if (this.#options.hasAll) return [];
    const message =
      'The history of the fleet has denied packets only: ask a node for permitted ones, or start the hub with --history all.';
    return [{ kind: 'not_recorded', message }];
  }

  async #answer<Value>(action: () => Promise<Value>): Promise<Value> {
    if (this.#running >= MAX_AT_ONCE) {
      if (this.#waiting.length >= MAX_WAITING)
        throw new FleetRejection('unavailable', 'Too many questions are waiting. Retry in two seconds.', {
          retry_after_ms: RETRY_MS,
        });
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    this.#running++;
    try {
      return await action();
    } catch (error) {
      throw error instanceof ClickHouseError ? rejectionOf(error) : error;
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}

function parsed<Verb extends 'rates' | 'top' | 'rows'>(verb: Verb, given: unknown) {
  const { data, error } = pastRequestSchemas[verb].safeParse(given);
  const [issue] = error?.issues ?? [];
  if (data === undefined)
    throw new FleetRejection('invalid', `${issue?.path.join('.') || 'request'}: ${issue?.message ?? 'not valid'}`);
  return data as NonNullable<ReturnType<(typeof pastRequestSchemas)[Verb]['safeParse']>['data']>;
}

function selectionOf(
  { from_ms, to_ms, filter: text }: { from_ms: number; to_ms: number; filter?: string | undefined },
  nodes: readonly string[] | undefined,
): PastSelection {
  const filter = text === undefined || text.trim() === '' ? undefined : parseFilter(text);
  if (filter !== undefined && interfacesNamed(filter).length > 0)
    throw new FleetRejection(
      'invalid',
      'filter: interfaces have their names on their nodes only. Leave the interface out, or ask a node.',
      { field: 'filter' },
    );
  return { fromMs: from_ms, toMs: to_ms, filter, nodes };
}

function rejectionOf({ code, message }: ClickHouseError): FleetRejection {
  if (code !== undefined && TOO_LARGE.has(code))
    return new FleetRejection('unavailable', 'This question takes too long. Ask about a shorter range of time.');
  return new FleetRejection('unavailable', `${message}. Check that ClickHouse runs, and retry.`);
}

function listOf(list: TopList, rows: unknown[][], [packets = 0, bytes = 0, distinct = 0]: unknown[]) {
  const keys = TOP_KEYS[list].keys.length;
  const entries = rows.map((row) => ({
    ...shapeOf(list, row),
    packets: Number(row[keys]),
    bytes: Number(row[keys + 1]),
  }));
  const sum = (of: 'packets' | 'bytes') => entries.reduce((total, each) => total + each[of], 0);
  const others = { packets: Number(packets) - sum('packets'), bytes: Number(bytes) - sum('bytes') };
  return { entries, others, distinct: Number(distinct) };
}

function shapeOf(list: TopList, row: unknown[]): object {
  const [first, second] = row;
  switch (list) {
    case 'sources':
      return { addr: addressOf(first), ports: Number(row.at(-1)) };
    case 'ports':
      return { ip_protocol: Number(first), port: Number(second) };
    case 'pairs':
      return { src_addr: addressOf(first), dst_addr: addressOf(second) };
    case 'rules':
      return { rule_id: Number(first) };
    case 'interfaces':
      return { name: `${first} #${second}` };
  }
}

function addressOf(hex: unknown): string {
  return formatAddress(Buffer.from(String(hex), 'hex'));
}

interface Row {
  readonly node: string;
  readonly record: Buffer;
  readonly timeNs: bigint;
}

/** Reads RowBinary: a text with its length as a varint, of one byte for names of nodes, and a record. */
function readRows(bytes: Buffer): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at] as number;
    const record = bytes.subarray(at + 1 + length, at + 1 + length + PACKET_LOG_SIZE);
    const node = bytes.toString('utf8', at + 1, at + 1 + length);
    rows.push({ node, record, timeNs: record.readBigUInt64LE(0) });
    at += 1 + length + PACKET_LOG_SIZE;
  }
  return rows;
}

function cursorOf(text: string): RowsBefore {
  const [, time, skip] = CURSOR.exec(text) ?? [];
  if (time === undefined) throw new FleetRejection('invalid', 'before: write the next of an answer of the hub');
  return { timeNs: BigInt(time), skip: Number(skip) };
}

/** `rows`: newest first. */
function nextOf(rows: readonly Row[], before: RowsBefore | undefined): string | undefined {
  const last = rows.at(-1);
  if (last === undefined) return undefined;
  const same = rows.filter(({ timeNs }) => timeNs === last.timeNs).length;
  const earlier = before?.timeNs === last.timeNs ? before.skip : 0;
  return `${last.timeNs}-${same + earlier}-0`;
}
