/** Compiles a filter to a function that selects records in columns: what queries over the past use. */
import type { PacketLogFieldName } from '../../record/layout.ts';
import type { FilterEnvironment } from '../compile.ts';
import type { Filter } from '../filter.ts';
import { columnsOfPlan, planOf } from './column-plan.ts';
import { conditionOf } from './conditions.ts';
import { type AddressColumns, type FilterColumns, type MatchingRows, RowMarks } from './row-marks.ts';

export type { FilterColumns, MatchingRows };

/** What the addresses of a block say about a filter. Valid until the same filter looks at another block. */
export interface FilterLook {
  /** Whether no record of the block matches. */
  readonly isNone: boolean;
  /** Has a 1 for each address of the dictionary that a matching record can have as source; undefined: every one. */
  readonly sources: Uint8Array | undefined;
  /** Selects as `match` of ColumnFilter, without testing the addresses again. `block`: has the same dictionaries. */
  match(block: FilterColumns): MatchingRows;
}

export interface ColumnFilter {
  /** The columns that `match` may read; a block needs no others. */
  readonly columns: ReadonlySet<PacketLogFieldName>;
  /**
   * Selects the matching records of a block. It tests the addresses in the dictionaries first, and reads nothing else of
   * a block in which none matches. Otherwise it reads column by column, narrow ones first, until no record is left. So a
   * column that must be decompressed can be a getter, and so can the indexes of an address column.
   */
  match(block: FilterColumns): MatchingRows;
  /** Tests the addresses of a block and reads nothing else of it. */
  look(block: AddressColumns): FilterLook;
}

/**
 * Returns a filter over columns that matches the same records as `compileFilter` with the same arguments. It keeps one
 * byte for each record of the largest block; blocks of 65,536 records suit the caches.
 */
export function compileColumnFilter(filter: Filter, environment?: FilterEnvironment): ColumnFilter {
  const plan = planOf(conditionOf(filter, environment));
  const marks = new RowMarks(plan);
  const match = (block: FilterColumns) => marks.match(block);
  const look = (block: AddressColumns) => {
    const isNone = marks.look(block) === 'none';
    return { isNone, sources: isNone ? undefined : marks.sources, match };
  };
  return { columns: new Set(columnsOfPlan(plan)), look, match: (block) => look(block).match(block) };
}

/** Returns the columns that are needed to test records with the filter. */
export function columnsOfFilter(filter: Filter, environment?: FilterEnvironment): ReadonlySet<PacketLogFieldName> {
  return new Set(columnsOfPlan(planOf(conditionOf(filter, environment))));
}
