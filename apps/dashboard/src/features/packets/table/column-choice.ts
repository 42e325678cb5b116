import { COLUMN_KEYS, COLUMNS, type ColumnKey, type TableFacts } from './columns.ts';

/** Choice of columns; immutable, stored as JSON. */
export interface ColumnChoice {
  /** All columns, shown or not, from left to right. */
  readonly order: readonly ColumnKey[];
  /** Columns switched on or off; the others follow their default. */
  readonly shown: Readonly<Partial<Record<ColumnKey, boolean>>>;
  /** Widths that were set, px. */
  readonly widths: Readonly<Partial<Record<ColumnKey, number>>>;
}

export const DEFAULT_COLUMNS: ColumnChoice = { order: COLUMN_KEYS, shown: {}, widths: {} };

export const MIN_WIDTH = 24;
export const MAX_WIDTH = 900;

export function isShown(choice: ColumnChoice, key: ColumnKey, facts: TableFacts): boolean {
  return choice.shown[key] ?? COLUMNS[key].byDefault(facts);
}

/**
 * Returns the visible columns from left to right. Never empty: a table without columns has no header to add them from.
 */
export function visibleColumns(choice: ColumnChoice, facts: TableFacts): readonly ColumnKey[] {
  const visible = choice.order.filter((key) => isShown(choice, key, facts));
  return visible.length === 0 ? ['time'] : visible;
}

export function withShown(choice: ColumnChoice, key: ColumnKey, shown: boolean): ColumnChoice {
  return { ...choice, shown: { ...choice.shown, [key]: shown } };
}

/** Swaps the column with the next visible one to the left (-1) or right (1). */
export function moved(choice: ColumnChoice, key: ColumnKey, by: -1 | 1, facts: TableFacts): ColumnChoice {
  const visible = choice.order.filter((each) => each === key || isShown(choice, each, facts));
  const neighbour = visible[visible.indexOf(key) + by];
  return neighbour === undefined ? choice : movedTo(choice, key, neighbour);
}

/** Moves the column to the position of `target`, which moves towards the old position. */
export function movedTo(choice: ColumnChoice, key: ColumnKey, target: ColumnKey): ColumnChoice {
  if (key === target) return choice;
  const [from, to] = [choice.order.indexOf(key), choice.order.indexOf(target)];
  const order = choice.order.filter((each) => each !== key);
  order.splice(order.indexOf(target) + (from < to ? 1 : 0), 0, key);
  return { ...choice, order };
}

/**
 * Sets widths, within limits. Include the columns to the left as they are: otherwise they would take up the difference,
 * and the edge would run away from the pointer.
 */
export function resized(choice: ColumnChoice, widths: ColumnChoice['widths']): ColumnChoice {
  const set = { ...choice.widths };
  for (const [key, width] of Object.entries(widths)) {
    set[key as ColumnKey] = Math.round(Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width)));
  }
  return { ...choice, widths: set };
}

/** Resets the width of the column. */
export function unsized(choice: ColumnChoice, key: ColumnKey): ColumnChoice {
  const { [key]: _, ...widths } = choice.widths;
  return { ...choice, widths };
}

export function isDefaultChoice({ order, shown, widths }: ColumnChoice): boolean {
  return (
    Object.keys(shown).length === 0 &&
    Object.keys(widths).length === 0 &&
    order.every((key, i) => key === COLUMN_KEYS[i])
  );
}

export interface Tracks {
  /** `grid-template-columns`. */
  readonly template: string;
  /** Smallest width of all columns with their gaps, px. */
  readonly min: number;
}

/** Returns the column tracks. `wide`: there is room for all, so columns stay together on the left. */
export function tracks(visible: readonly ColumnKey[], { widths }: ColumnChoice, wide: boolean, gap: number): Tracks {
  let min = gap * (visible.length - 1);
  const template = visible.map((key) => {
    const column = COLUMNS[key];
    const width = widths[key] ?? (wide && column.wide > 0 ? column.wide : undefined);
    min += width ?? column.min;
    if (width !== undefined) return `${width}px`;
    const share = wide ? 1 : column.share;
    return share === undefined ? `${column.min}px` : `minmax(${column.min}px, ${share}fr)`;
  });
  return { template: template.join(' '), min };
}

/**
 * Parses a stored choice: unknown columns are ignored, new ones get their default position; null if nothing is usable.
 */
export function readColumnChoice(stored: unknown): ColumnChoice | null {
  if (typeof stored !== 'object' || stored === null) return null;
  const { order, shown, widths } = stored as Record<string, unknown>;
  const keys = [...new Set(Array.isArray(order) ? order.filter(isColumnKey) : [])];
  for (const [i, key] of COLUMN_KEYS.entries()) {
    if (keys.includes(key)) continue;
    const before = COLUMN_KEYS.slice(0, i).findLast((other) => keys.includes(other));
    keys.splice(before === undefined ? 0 : keys.indexOf(before) + 1, 0, key);
  }
  const choice = {
    order: keys,
    shown: only(shown, (value): value is boolean => typeof value === 'boolean'),
    widths: {},
  };
  return resized(
    choice,
    only(widths, (value): value is number => typeof value === 'number' && Number.isFinite(value)),
  );
}

function only<T>(values: unknown, fits: (value: unknown) => value is T): Partial<Record<ColumnKey, T>> {
  if (typeof values !== 'object' || values === null) return {};
  return Object.fromEntries(Object.entries(values).filter(([key, value]) => isColumnKey(key) && fits(value)));
}

function isColumnKey(key: unknown): key is ColumnKey {
  return (COLUMN_KEYS as readonly unknown[]).includes(key);
}
