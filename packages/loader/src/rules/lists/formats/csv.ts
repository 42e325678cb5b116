/** Reads tables separated by commas or tabs in which exactly one column, or two that form ranges, holds addresses. */

import type { ConvertedList } from './converted-list.ts';
import { familyOf } from './networks-in.ts';

/** Number of rows from which the column is determined. */
const SAMPLE_ROWS = 1000;
/** Share of the sample's rows that must have an address in the column. */
const MIN_SHARE = 0.9;
const COMMENT = /^\s*(?:$|#|;|\/\/)/;
const RANGE_HEADERS = [/start|from|first|begin|low/i, /end|to|last|high/i] as const;

/**
 * Converts a table. Returns undefined for text that is not a table. Returns one line per line of the file, so that the
 * line numbers stay the same.
 */
export function fromCsv(lines: readonly string[]): ConvertedList | undefined {
  const first = lines.find((line) => !COMMENT.test(line));
  const separator = first?.includes('\t') ? '\t' : ',';
  if (!first?.includes(separator)) return undefined;
  const sample = lines.filter((line) => !COMMENT.test(line)).slice(0, SAMPLE_ROWS + 1);
  const rows = sample.map((line) => cellsOf(line, separator));
  const header = rows[0]?.some((cell) => familyOf(cell) !== undefined) ? undefined : rows[0];
  const columns = columnsWithNetworks(header ? rows.slice(1) : rows);
  if (columns.length === 0) return undefined;
  const name = (column: number) => `column ${column + 1}${header?.[column] ? ` (${header[column]})` : ''}`;
  const convert = (networkOf: (cells: readonly string[]) => string, description: string): ConvertedList => {
    let isBeforeData = header !== undefined;
    const converted = lines.map((line) => {
      if (COMMENT.test(line)) return '';
      if (isBeforeData) {
        isBeforeData = false;
        return '';
      }
      return networkOf(cellsOf(line, separator));
    });
    return { lines: converted, notes: [`Read as a table: ${description}.`] };
  };
  const [column = 0, other] = columns;
  if (columns.length === 1)
    return convert((cells) => cells[column] || 'no address', `${name(column)} has the networks`);
  if (columns.length === 2 && other !== undefined && isRange(header, column, other)) {
    const description = `${name(column)} and ${name(other)} are the ends of ranges`;
    return convert((cells) => `${cells[column]}-${cells[other]}`, description);
  }
  const cut = separator === '\t' ? 'cut -f' : 'cut -d, -f';
  return {
    lines: [],
    notes: [],
    problem: `has addresses in ${columns.map(name).join(' and ')}: keep one of them, for example ${cut}${column + 1} FILE`,
  };
}

function columnsWithNetworks(rows: readonly (readonly string[])[]): number[] {
  const counts: number[] = [];
  for (const cells of rows) {
    cells.forEach((cell, i) => {
      if (familyOf(cell) !== undefined) counts[i] = (counts[i] ?? 0) + 1;
    });
  }
  return [...counts.keys()].filter((i) => (counts[i] ?? 0) >= MIN_SHARE * rows.length && rows.length > 0);
}

function isRange(header: readonly string[] | undefined, from: number, to: number): boolean {
  const [begins, ends] = RANGE_HEADERS;
  return begins.test(header?.[from] ?? '') && ends.test(header?.[to] ?? '');
}

/** Splits a line into cells. Quotes may surround a cell; a cell cannot contain a line break. */
function cellsOf(line: string, separator: string): string[] {
  if (!line.includes('"')) return line.split(separator).map((cell) => cell.trim());
  const cells: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (const character of line) {
    if (character === '"') isQuoted = !isQuoted;
    else if (character === separator && !isQuoted) {
      cells.push(cell.trim());
      cell = '';
    } else cell += character;
  }
  return [...cells, cell.trim()];
}
