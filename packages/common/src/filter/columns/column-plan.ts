/**
 * Plans how a condition is evaluated over columns: negations move to single columns, and conditions on one column become
 * one test, so that each column is read as seldom as possible.
 */
import { FIELD_BYTES, PACKET_LOG_FIELDS, type PacketLogFieldName } from '../../record/layout.ts';
import type { RecordPredicate } from '../../record/view.ts';
import { addressTest } from './address-test.ts';
import type { Interval } from './column-tests.ts';
import type { AddressColumnName, Condition, JoinedCondition, NumberColumnName, RangeCondition } from './conditions.ts';

export type Plan =
  | { readonly kind: 'constant'; readonly holds: boolean }
  /** `table`: a 1 for each value of one byte or two that matches. */
  | { readonly kind: 'table'; readonly column: NumberColumnName; readonly table: Uint8Array }
  | { readonly kind: 'interval'; readonly column: NumberColumnName; readonly interval: Interval }
  | { readonly kind: 'address'; readonly column: AddressColumnName; readonly test: RecordPredicate }
  /** Cheapest first. */
  | { readonly kind: 'all' | 'any'; readonly of: readonly Plan[] };

const BYTES = new Map<PacketLogFieldName, number>(PACKET_LOG_FIELDS.map(({ name, type }) => [name, FIELD_BYTES[type]]));
const ALL_BITS = 0xffff_ffff;

export function planOf(condition: Condition): Plan {
  return planned(withoutNot(condition, true));
}

/** Returns the columns that the plan reads. */
export function columnsOfPlan(plan: Plan): readonly PacketLogFieldName[] {
  if (plan.kind === 'constant') return [];
  return 'of' in plan ? plan.of.flatMap(columnsOfPlan) : [plan.column];
}

/** Moves negations to single columns: not (a and b) is not a or not b. */
function withoutNot(condition: Condition, wanted: boolean): Condition {
  switch (condition.kind) {
    case 'constant':
      return { kind: 'constant', holds: condition.holds === wanted };
    case 'not':
      return withoutNot(condition.of, !wanted);
    case 'all':
    case 'any': {
      const kind = (condition.kind === 'all') === wanted ? 'all' : 'any';
      const of = condition.of.map((each) => withoutNot(each, wanted));
      return { kind, of: of.flatMap((each) => (each.kind === kind ? each.of : [each])) };
    }
    default:
      return wanted ? condition : { kind: 'not', of: condition };
  }
}

function planned(condition: Condition): Plan {
  if (condition.kind === 'constant') return condition;
  const column = onlyColumn(condition);
  if (column === undefined) return joinedPlan(condition);
  if (column === 'src_addr' || column === 'dst_addr') return { kind: 'address', column, test: addressTest(condition) };
  if (BYTES.get(column) === 1) return tablePlan(column as NumberColumnName, 0x100, condition);
  if (condition.kind === 'range') return intervalPlan(condition, true);
  if (condition.kind === 'not' && condition.of.kind === 'range') return intervalPlan(condition.of, false);
  return BYTES.get(column) === 2 ? tablePlan(column as NumberColumnName, 0x1_0000, condition) : joinedPlan(condition);
}

function joinedPlan(condition: Condition): Plan {
  if (condition.kind !== 'all' && condition.kind !== 'any') throw new TypeError(`a ${condition.kind} joins nothing`);
  const byColumn = new Map<PacketLogFieldName | Condition, Condition[]>();
  for (const each of condition.of) {
    const column = onlyColumn(each);
    const key = column === undefined || BYTES.get(column) === 4 ? each : column;
    byColumn.set(key, [...(byColumn.get(key) ?? []), each]);
  }
  const plans = [...byColumn.values()].map((alike) =>
    planned(alike.length === 1 ? (alike[0] as Condition) : { kind: condition.kind, of: alike }),
  );
  return { kind: condition.kind, of: plans.sort((one, other) => costOf(one) - costOf(other)) };
}

function tablePlan(column: NumberColumnName, size: number, condition: Condition): Plan {
  const table = tableOf(condition, size);
  const matching = table.reduce((sum, each) => sum + each, 0);
  return matching === 0 || matching === size
    ? { kind: 'constant', holds: matching > 0 }
    : { kind: 'table', column, table };
}

function intervalPlan({ column, mask, low, high }: RangeCondition, isWanted: boolean): Plan {
  return {
    kind: 'interval',
    column,
    interval: { mask: mask ?? ALL_BITS, low, span: high - low, wanted: isWanted ? 1 : 0 },
  };
}

/** Returns a 1 for each value below `size` for which the condition holds, which is on one column of numbers. */
function tableOf(condition: Condition, size: number): Uint8Array {
  switch (condition.kind) {
    case 'not':
      return tableOf(condition.of, size).map((holds) => holds ^ 1);
    case 'all':
    case 'any':
      return joinedTable(condition, size);
    case 'range':
      return rangeTable(condition, size);
    default:
      throw new TypeError(`a ${condition.kind} is no condition on numbers`);
  }
}

function joinedTable({ kind, of }: JoinedCondition, size: number): Uint8Array {
  const table = new Uint8Array(size).fill(kind === 'all' ? 1 : 0);
  for (const each of of) {
    const other = tableOf(each, size);
    if (kind === 'all') for (let i = 0; i < size; i++) table[i] = (table[i] as number) & (other[i] as number);
    else for (let i = 0; i < size; i++) table[i] = (table[i] as number) | (other[i] as number);
  }
  return table;
}

function rangeTable({ mask, low, high }: RangeCondition, size: number): Uint8Array {
  const table = new Uint8Array(size);
  if (mask === undefined) return table.fill(1, low, high + 1);
  for (let i = 0; i < size; i++) table[i] = (i & mask) >= low && (i & mask) <= high ? 1 : 0;
  return table;
}

/** Returns the column that the condition is on; undefined if there are several. */
function onlyColumn(condition: Condition): PacketLogFieldName | undefined {
  switch (condition.kind) {
    case 'constant':
      return undefined;
    case 'not':
      return onlyColumn(condition.of);
    case 'all':
    case 'any': {
      const [first, ...others] = condition.of.map(onlyColumn);
      return others.every((column) => column === first) ? first : undefined;
    }
    default:
      return condition.column;
  }
}

/** Narrow columns decide for most records before wide ones are read. */
function costOf(plan: Plan): number {
  switch (plan.kind) {
    case 'constant':
      return 0;
    case 'all':
    case 'any':
      return plan.of.reduce((sum, each) => sum + costOf(each), 0);
    case 'address':
      return 3;
    case 'interval':
    case 'table':
      return BYTES.get(plan.column) as number;
  }
}
