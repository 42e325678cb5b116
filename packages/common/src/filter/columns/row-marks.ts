/** Evaluates the plan of a filter over blocks of columns. */
import type { AddressColumn, RecordColumns } from '../../segments/columns.ts';
import type { Plan } from './column-plan.ts';
import { keepBytes, keepHalfWords, keepHalfWordsIn, keepWords, keepWordsIn } from './column-tests.ts';
import type { AddressColumnName } from './conditions.ts';

/** The columns that filters can read. */
export type FilterColumns = Pick<RecordColumns, 'count'> & Partial<Omit<RecordColumns, 'count' | 'timestamp_ns'>>;

/** The dictionaries that filters can read. */
export type AddressColumns = { readonly [Name in AddressColumnName]?: Pick<AddressColumn, 'dictionary'> };

/** Valid until the same filter is matched again. */
export interface MatchingRows {
  /** Number of matching records. */
  readonly count: number;
  /** A byte for each record: 1 if it matches, otherwise 0. Bytes behind the last record have no meaning. */
  readonly rows: Uint8Array;
}

type AddressPlan = Plan & { readonly kind: 'address' };
type NumberPlan = Plan & { readonly kind: 'table' | 'interval' };
type JoinedPlan = Plan & { readonly kind: 'all' | 'any' };
/** What the dictionaries tell about a plan: it holds for no record, for all, or for some. */
export type Outlook = 'none' | 'all' | 'some';

interface Marks {
  readonly rows: Uint8Array;
  /** The same bytes, four rows at a time. */
  readonly words: Uint32Array;
}

const ADDRESS_BYTES = 16;
const MIN_ROWS = 1024;

export class RowMarks {
  readonly #plan: Plan;
  /** The first is the result; the others are of alternatives, by depth. */
  #marks: Marks[] = [];
  #capacity = 0;
  /** For each test of addresses: a 1 for each address of the dictionary that passes. */
  readonly #passing = new Map<AddressPlan, Uint8Array>();
  readonly #outlooks = new Map<Plan, Outlook>();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** Tests the addresses of a block, for `match`. */
  look(block: AddressColumns): Outlook {
    return this.#look(this.#plan, block);
  }

  /** Returns the sources that passed in the last `look`: see FilterLook. */
  get sources(): Uint8Array | undefined {
    const plan = this.#plan.kind === 'all' ? this.#plan.of.find(isOfSources) : this.#plan;
    return plan !== undefined && isOfSources(plan) ? this.#passing.get(plan) : undefined;
  }

  /** `block`: the one of the last `look`, or entries with the same dictionaries. */
  match(block: FilterColumns): MatchingRows {
    const { count } = block;
    if (count > this.#capacity) this.#grow(count);
    const { rows } = this.#marksAt(0);
    const outlook = this.#outlooks.get(this.#plan);
    rows.fill(outlook === 'none' ? 0 : 1, 0, count);
    if (outlook !== 'some') return { count: outlook === 'all' ? count : 0, rows };
    return { count: this.#keep(this.#plan, true, block, count, 0), rows };
  }

  /** Tests dictionaries only, until the outlook is certain. */
  #look(plan: Plan, block: AddressColumns): Outlook {
    const outlook = this.#outlookOf(plan, block);
    this.#outlooks.set(plan, outlook);
    return outlook;
  }

  #outlookOf(plan: Plan, block: AddressColumns): Outlook {
    switch (plan.kind) {
      case 'constant':
        return plan.holds ? 'all' : 'none';
      case 'address':
        return this.#testAddresses(plan, dictionaryOf(block, plan.column));
      case 'all':
      case 'any':
        return this.#lookAtEach(plan, block);
      default:
        return 'some';
    }
  }

  #lookAtEach({ kind, of }: JoinedPlan, block: AddressColumns): Outlook {
    const decisive = kind === 'all' ? 'none' : 'all';
    let isCertain = true;
    for (const each of of) {
      const outlook = this.#look(each, block);
      if (outlook === decisive) return decisive;
      if (outlook === 'some') isCertain = false;
    }
    if (!isCertain) return 'some';
    return kind === 'all' ? 'all' : 'none';
  }

  #testAddresses(plan: AddressPlan, dictionary: Uint8Array): Outlook {
    const size = dictionary.length / ADDRESS_BYTES;
    let passing = this.#passing.get(plan);
    if (passing === undefined || passing.length < size) {
      passing = new Uint8Array(Math.max(2 * size, MIN_ROWS));
      this.#passing.set(plan, passing);
    }
    const { test } = plan;
    let sum = 0;
    for (let i = 0; i < size; i++) {
      const passes = test(dictionary, i * ADDRESS_BYTES) ? 1 : 0;
      passing[i] = passes;
      sum += passes;
    }
    if (sum === 0) return 'none';
    return sum === size ? 'all' : 'some';
  }

  /**
   * Clears the marks at `depth` of rows for which the plan does not hold (or holds, if it is not wanted). `left`: how
   * many rows are marked; returns how many are marked afterwards.
   */
  #keep(plan: Plan, isWanted: boolean, block: FilterColumns, left: number, depth: number): number {
    const outlook = this.#outlooks.get(plan);
    if (outlook === 'none' || outlook === 'all') {
      if ((outlook === 'all') === isWanted) return left;
      this.#marksAt(depth).rows.fill(0, 0, block.count);
      return 0;
    }
    switch (plan.kind) {
      case 'all':
      case 'any':
        return (plan.kind === 'all') === isWanted
          ? this.#keepEach(plan, isWanted, block, left, depth)
          : this.#keepAny(plan, isWanted, block, left, depth);
      case 'address':
        return this.#keepAddresses(plan, isWanted, block, depth);
      case 'table':
      case 'interval':
        return keepNumbers(this.#marksAt(depth).rows, plan, isWanted, block);
      case 'constant':
        return left;
    }
  }

  #keepEach({ of }: JoinedPlan, isWanted: boolean, block: FilterColumns, left: number, depth: number): number {
    let still = left;
    for (let i = 0; i < of.length && still > 0; i++) still = this.#keep(of[i] as Plan, isWanted, block, still, depth);
    return still;
  }

  /** Marks the rows for which no alternative holds, one depth further, and clears them. */
  #keepAny({ of }: JoinedPlan, isWanted: boolean, block: FilterColumns, left: number, depth: number): number {
    const marks = this.#marksAt(depth);
    const without = this.#marksAt(depth + 1);
    const length = Math.ceil(block.count / 4);
    without.words.set(length === marks.words.length ? marks.words : marks.words.subarray(0, length));
    let still = left;
    for (let i = 0; i < of.length && still > 0; i++) {
      still = this.#keep(of[i] as Plan, !isWanted, block, still, depth + 1);
    }
    clear(marks.words, without.words, length);
    return left - still;
  }

  #keepAddresses(plan: AddressPlan, isWanted: boolean, block: FilterColumns, depth: number): number {
    const { rows } = this.#marksAt(depth);
    const passing = this.#passing.get(plan) as Uint8Array;
    const { indexes } = present(block, plan.column);
    const flip = isWanted ? 0 : 1;
    if (indexes instanceof Uint16Array) return keepHalfWords(rows, block.count, indexes, passing, flip);
    if (indexes instanceof Uint8Array) return keepBytes(rows, block.count, indexes, passing, flip);
    return keepWords(rows, block.count, indexes, passing, flip);
  }

  #marksAt(depth: number): Marks {
    let marks = this.#marks[depth];
    if (marks === undefined) {
      const rows = new Uint8Array(this.#capacity);
      marks = { rows, words: new Uint32Array(rows.buffer) };
      this.#marks[depth] = marks;
    }
    return marks;
  }

  #grow(count: number): void {
    this.#capacity = 4 * Math.ceil(Math.max(count, MIN_ROWS) / 4);
    this.#marks = [];
  }
}

function keepNumbers(rows: Uint8Array, plan: NumberPlan, isWanted: boolean, block: FilterColumns): number {
  const { count } = block;
  const column = present(block, plan.column);
  const flip = isWanted ? 0 : 1;
  if (plan.kind === 'table') {
    return column instanceof Uint8Array
      ? keepBytes(rows, count, column, plan.table, flip)
      : keepHalfWords(rows, count, column as Uint16Array, plan.table, flip);
  }
  return column instanceof Uint16Array
    ? keepHalfWordsIn(rows, count, column, plan.interval, flip)
    : keepWordsIn(rows, count, column as Uint32Array, plan.interval, flip);
}

/** All marks of `without` are marks of `words`, too. */
function clear(words: Uint32Array, without: Uint32Array, length: number): void {
  for (let i = 0; i < length; i++) words[i] = (words[i] as number) ^ (without[i] as number);
}

function isOfSources(plan: Plan): plan is AddressPlan {
  return plan.kind === 'address' && plan.column === 'src_addr';
}

function present<Name extends Exclude<keyof FilterColumns, 'count'>>(
  block: FilterColumns,
  name: Name,
): NonNullable<FilterColumns[Name]> {
  const column = block[name];
  if (column === undefined) throw lacks(name);
  return column;
}

function dictionaryOf(block: AddressColumns, name: AddressColumnName): Uint8Array {
  const column = block[name];
  if (column === undefined) throw lacks(name);
  return column.dictionary;
}

function lacks(name: string): TypeError {
  return new TypeError(`The block lacks the column ${name}, which the filter reads: see ColumnFilter.columns.`);
}
