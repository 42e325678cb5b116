/** Results of a query as rows of named values, and their formats. */
import { csvText, type RecordSums } from '@packetlog/common';
import { aligned, grouped, utcText } from '../../past/reading/report-text.ts';
import { printableName } from '../../system/interface-name.ts';
import { terminalJson } from '../process/terminal-text.ts';
import type { SeriesResult, TopResult, TopRow } from './sums.ts';
import type { TopSeriesResult } from './top-by-step.ts';
import { keyFields, keyText, keyValues, type TopKind } from './top-names.ts';

export const QUERY_FORMATS = ['table', 'json', 'csv'] as const;
export type QueryFormat = (typeof QUERY_FORMATS)[number];

interface Cell {
  /** In JSON and CSV. */
  readonly value: string | number;
  /** In a table. */
  readonly text: string;
}

export interface ResultTable {
  /** Names as in JSON and CSV. */
  readonly fields: readonly string[];
  /** Headings of a table that differ from the names. */
  readonly headings?: Readonly<Record<string, string>>;
  /** Indexes of the columns with text. */
  readonly texts: ReadonlySet<number>;
  readonly rows: Iterable<readonly Cell[]>;
}

export function countTable({ packets }: RecordSums): ResultTable {
  // A script reads it: without separators.
  return { fields: ['packets'], texts: new Set(), rows: [[{ value: packets, text: String(packets) }]] };
}

export function seriesTable({ steps }: Pick<SeriesResult, 'steps'>): ResultTable {
  const rows = steps.map(({ start_ns, packets, bytes, denied }) => [
    stepCell(start_ns),
    ...[packets, bytes, denied].map(number),
  ]);
  const fields = ['timestamp_ns', 'packets', 'bytes', 'denied'];
  return { fields, headings: STEP_HEADINGS, texts: new Set([0]), rows };
}

/** The last row has the sums of all others, if there are any. */
export function topTable({ kind, entries, others, total }: TopResult): ResultTable {
  const keys = keyFields(kind);
  const sums = ({ packets, bytes }: RecordSums): Cell[] => {
    const share = total.packets === 0 ? 0 : packets / total.packets;
    return [
      number(packets),
      number(bytes),
      { value: Math.round(share * 1e6) / 1e6, text: `${(100 * share).toFixed(1)} %` },
    ];
  };
  const rows = entries.map((entry) => [...keyCells(kind, entry), ...sums(entry)]);
  const rest = [...keyCells(kind, undefined), ...sums(others)];
  return {
    fields: [...keys, 'packets', 'bytes', 'share'],
    texts: new Set(keys.map((_, i) => i)),
    rows: others.records > 0 ? [...rows, rest] : rows,
  };
}

/** A row for each step and value; the last of a step has the sums of all other values, if there are any. */
export function topSeriesTable({ kind, rows }: TopSeriesResult): ResultTable {
  const keys = keyFields(kind);
  return {
    fields: ['timestamp_ns', ...keys, 'packets', 'bytes'],
    headings: STEP_HEADINGS,
    texts: new Set([0, ...keys.map((_, i) => i + 1)]),
    rows: {
      // Row by row: as objects, all of them would take several hundred MiB.
      *[Symbol.iterator]() {
        for (const { start_ns, entry, packets, bytes } of rows) {
          yield [stepCell(start_ns), ...keyCells(kind, entry), number(packets), number(bytes)];
        }
      },
    },
  };
}

/** `entry`: undefined for all values that are not listed. */
function keyCells(kind: TopKind, entry: TopRow | undefined): readonly Cell[] {
  const keys = keyFields(kind);
  if (entry === undefined) return keys.map((_, i) => ({ value: i === 0 ? OTHERS : '', text: i === 0 ? OTHERS : '' }));
  return keyValues(kind, entry).map((value, i) => ({ value, text: printableName(keyText(keys[i] as string, value)) }));
}

function stepCell(startNs: bigint): Cell {
  return { value: String(startNs), text: utcText(startNs).replace('.000', '') };
}

const OTHERS = 'others';
const STEP_HEADINGS = { timestamp_ns: 'time (UTC)' };

export function* formatted(
  { fields, headings = {}, texts, rows }: ResultTable,
  format: QueryFormat,
): Generator<string> {
  if (format === 'json') {
    for (const row of rows) yield `${terminalJson(objectOf(fields, row))}\n`;
    return;
  }
  if (format === 'csv') {
    yield `${fields.join(',')}\n`;
    for (const row of rows) yield `${row.map(({ value }) => csvText(String(value))).join(',')}\n`;
    return;
  }
  const table = [fields.map((field) => headings[field] ?? field)];
  for (const row of rows) table.push(row.map(({ text }) => text));
  for (const line of aligned(table, texts)) yield `${line}\n`;
}

/** Without fields that the row does not have. */
function objectOf(fields: readonly string[], row: readonly Cell[]): object {
  return Object.fromEntries(row.flatMap(({ value }, i) => (value === '' ? [] : [[fields[i], value]])));
}

function number(value: number): Cell {
  return { value, text: grouped(value) };
}
