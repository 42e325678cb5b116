/** Text of what commands report about recorded packets: tables, times, numbers. */

/** Columns in `texts` to the left, numbers to the right. */
export function aligned(table: readonly (readonly string[])[], texts: ReadonlySet<number>): string[] {
  const widths = (table[0] ?? []).map((_, i) => table.reduce((width, row) => Math.max(width, row[i]?.length ?? 0), 0));
  return table.map((row) =>
    row
      .map((cell, i) => (texts.has(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

const NS_PER_MS = 1_000_000n;
/** Last time that a Date can have. */
const MAX_MS = 8_640_000_000_000_000n;

/** UTC, to the millisecond. */
export function utcText(ns: bigint): string {
  const ms = ns / NS_PER_MS;
  return new Date(Number(ms < MAX_MS ? ms : MAX_MS)).toISOString().replace('T', ' ').replace('Z', '');
}

export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

export function plural(value: number, thing: string): string {
  return `${grouped(value)} ${thing}${value === 1 ? '' : 's'}`;
}
