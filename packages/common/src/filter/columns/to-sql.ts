/**
 * Converts a filter to an expression for ClickHouse, for a table with the columns of layout.ts: numbers as UInt8 to
 * UInt64, addresses as FixedString(16) or LowCardinality(FixedString(16)). Works on 18.16, which has no query
 * parameters, and on later versions.
 */
import { PACKET_LOG_FIELDS } from '../../record/layout.ts';
import type { FilterEnvironment } from '../compile.ts';
import type { Filter } from '../filter.ts';
import { type Condition, conditionOf, type PrefixCondition, type RangeCondition } from './conditions.ts';

const COLUMNS: ReadonlySet<string> = new Set(PACKET_LOG_FIELDS.map(({ name }) => name));

/**
 * Returns the expression for a WHERE clause. It consists of column names, operators, numbers and hexadecimal digits: no
 * text of the filter becomes part of it. An interface's name becomes the indexes that `environment` has for it; without
 * an environment no interface has a name. Expressions can be joined with AND and OR without parentheses around them.
 */
export function filterToSql(filter: Filter, environment?: FilterEnvironment): string {
  return sql(conditionOf(filter, environment));
}

function sql(condition: Condition): string {
  switch (condition.kind) {
    case 'constant':
      return condition.holds ? '1' : '0';
    case 'not':
      return `NOT ${sql(condition.of)}`;
    case 'all':
      return `(${condition.of.map(sql).join(' AND ')})`;
    case 'any':
      return parenthesized(alternatives(condition.of));
    case 'range':
      return range(condition);
    case 'prefix':
      return prefix(condition);
  }
}

function range({ column, mask, low, high }: RangeCondition): string {
  const value = mask === undefined ? name(column) : `bitAnd(${name(column)}, ${decimal(mask)})`;
  if (low === high) return `(${value} = ${decimal(low)})`;
  return `(${value} >= ${decimal(low)} AND ${value} <= ${decimal(high)})`;
}

function prefix({ column, bytes, bits }: PrefixCondition): string {
  if (bits === 128) return `(${name(column)} = ${address(bytes)})`;
  const last = bytes.map((byte, i) => byte | (0xff >> Math.min(8, Math.max(0, bits - 8 * i))));
  return `(${name(column)} >= ${address(bytes)} AND ${name(column)} <= ${address(last)})`;
}

function parenthesized(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] as string) : `(${parts.join(' OR ')})`;
}

/** Writes alternative values of a column as one list, which ClickHouse looks up. */
function alternatives(of: readonly Condition[]): string[] {
  const values = new Map<string, string[]>();
  const others: string[] = [];
  for (const each of of) {
    const value = onlyValue(each);
    if (value === undefined) others.push(sql(each));
    else values.set(value.column, [...(values.get(value.column) ?? []), value.literal]);
  }
  const lists = [...values].map(([column, literals]) =>
    literals.length === 1 ? `(${column} = ${literals[0]})` : `(${column} IN (${literals.join(', ')}))`,
  );
  return [...lists, ...others];
}

/** Returns the only value of the column for which the condition holds, if there is one. */
function onlyValue(condition: Condition): { column: string; literal: string } | undefined {
  if (condition.kind === 'range' && condition.mask === undefined && condition.low === condition.high) {
    return { column: name(condition.column), literal: decimal(condition.low) };
  }
  if (condition.kind === 'prefix' && condition.bits === 128) {
    return { column: name(condition.column), literal: address(condition.bytes) };
  }
  return undefined;
}

/** @throws RangeError when a record has no such field: a filter that did not come from the parser. */
function name(column: string): string {
  if (!COLUMNS.has(column)) throw new RangeError(`${JSON.stringify(column)} is not a field of a record`);
  return column;
}

/** @throws RangeError when `value` is no whole number from 0 on: a filter that did not come from the parser. */
function decimal(value: number): string {
  if (!(Number.isSafeInteger(value) && value >= 0)) throw new RangeError(`${value} is not a number of a filter`);
  return value.toString();
}

function address(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `toFixedString(unhex('${hex}'), 16)`;
}
