/** Compiles a filter to a function that selects records in columns: what queries over the past use. */
import type { PacketLogFieldName } from '../../record/layout.ts';
import type { FilterEnvironment } from '../compile.ts';
import type { Filter } from '../filter.ts';
import { columnsOfPlan, planOf } from './column-plan.ts';
import { conditionOf } from './conditions.ts';
import { type FilterColumns, type MatchingRows, RowMarks } from './row-marks.ts';

export type { FilterColumns, MatchingRows };

export interface ColumnFilter {
  /** The columns that `match` may read; a block needs no others. */
  readonly columns: ReadonlySet<PacketLogFieldName>;
  /**
   * Selects the matching records of a block. It tests the addresses in the dictionaries first, and reads nothing else of
   * a block in which none matches. Otherwise it reads column by column, narrow ones first, until no record is left. So a
   * column that must be decompressed can be a getter, and so can the indexes of an address column.
   */
  match(block: FilterColumns): MatchingRows;
}

/**
 * Returns a filter over columns that matches the same records as `compileFilter` with the same arguments. It keeps one
 * byte for each record of the largest block; blocks of 65,536 records suit the caches.
 */
export function compileColumnFilter(filter: Filter, environment?: FilterEnvironment): ColumnFilter {
  const plan = planOf(conditionOf(filter, environment));
  const marks = new RowMarks(plan);
  return { columns: new Set(columnsOfPlan(plan)), match: (block) => marks.match(block) };
}

/** Returns the columns that are needed to test records with the filter. */
export function columnsOfFilter(filter: Filter, environment?: FilterEnvironment): ReadonlySet<PacketLogFieldName> {
  return new Set(columnsOfPlan(planOf(conditionOf(filter, environment))));
}
