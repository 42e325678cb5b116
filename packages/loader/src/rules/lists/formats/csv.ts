/** Reads tables of text, separated by commas or tabs, in which exactly one column clearly holds the addresses. */

import type { ConvertedList } from './converted-list.ts';
import { familyOf } from './networks-in.ts';

/** Number of rows that decide which column it is. */
const SAMPLE_ROWS = 1000;
/** Share of the sample's rows that must hold an address. */
const ENOUGH = 0.9;
const COMMENT = /^\s*(?:$|#|;|\/\/)/;
const NAMES_OF_RANGES = [/start|from|first|begin|low/i, /end|to|last|high/i] as const;

/**
 * Returns undefined for text that is not a table. Keeps one line per line, so that line numbers are those of the file.
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
  const make = (networkOf: (cells: readonly string[]) => string, taken: string): ConvertedList => {
    let isBeforeData = header !== undefined;
    const made = lines.map((line) => {
      if (COMMENT.test(line)) return '';
      if (isBeforeData) {
        isBeforeData = false;
        return '';
      }
      return networkOf(cellsOf(line, separator));
    });
    return { lines: made, notes: [`Read as a table: ${taken}.`] };
  };
  const [column = 0, other] = columns;
  if (columns.length === 1) return make((cells) => cells[column] || 'no address', `${name(column)} has the networks`);
  if (columns.length === 2 && other !== undefined && isRange(header, column, other)) {
    const taken = `${name(column)} and ${name(other)} are the ends of ranges`;
    return make((cells) => `${cells[column]}-${cells[other]}`, taken);
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
  return [...counts.keys()].filter((i) => (counts[i] ?? 0) >= ENOUGH * rows.length && rows.length > 0);
}

function isRange(header: readonly string[] | undefined, from: number, to: number): boolean {
  const [begins, ends] = NAMES_OF_RANGES;
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
