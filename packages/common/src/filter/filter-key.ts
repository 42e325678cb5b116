/** Builds the same key for filters that differ only in order and repetition. */
import { allOf, anyOf, EVERYTHING, type Filter } from './filter.ts';
import { formatFilter, rememberingFormatter } from './format.ts';

/** Returns `all` for a filter that matches everything. */
export function filterKey(filter: Filter): string {
  return formatFilter(simplified(filter));
}

/**
 * Simplifies a filter without changing what it matches: no duplicate or redundant terms, terms in a fixed order, common
 * parts factored out.
 */
export function simplified(filter: Filter): Filter {
  return new Simplifier().simplify(filter);
}

class Simplifier {
  readonly #textOf = rememberingFormatter();
  readonly #simple = new Map<Filter, Filter>();

  simplify(filter: Filter): Filter {
    const cached = this.#simple.get(filter);
    if (cached !== undefined) return cached;
    const simple = this.#simplified(filter);
    this.#simple.set(filter, simple);
    this.#simple.set(simple, simple);
    return simple;
  }

  #simplified(filter: Filter): Filter {
    if (filter.kind === 'not') return negated(this.simplify(filter.term));
    if (filter.kind !== 'and' && filter.kind !== 'or') return filter;
    const join = filter.kind === 'and' ? allOf : anyOf;
    const whole = join(filter.terms.map((term) => this.simplify(term)));
    if (whole.kind !== filter.kind) return whole;
    if (whole.kind === 'or' && whole.terms.some(({ kind }) => kind === 'all')) return EVERYTHING;
    const sorted = join(this.#distinct(whole.terms.filter(({ kind }) => kind !== 'all')));
    return sorted.kind === 'or' ? this.#withoutRepetition(sorted) : sorted;
  }

  /** Removes duplicates and sorts. */
  #distinct(terms: readonly Filter[]): readonly Filter[] {
    const byText = new Map(terms.map((term) => [this.#textOf(term), term]));
    return [...byText.keys()].sort().map((text) => byText.get(text) as Filter);
  }

  /** Factors out what all alternatives require: `tcp and (port 80 or port 443)`. */
  #withoutRepetition(filter: Filter & { readonly kind: 'or' }): Filter {
    const demands = filter.terms.map((term) => new Map(partsOf(term).map((part) => [this.#textOf(part), part])));
    const [first = new Map<string, Filter>(), ...others] = demands;
    const common = [...first].filter(([text]) => others.every((other) => other.has(text)));
    if (common.length === 0) return filter;
    const shared = common.map(([, part]) => part);
    for (const parts of demands) for (const [text] of common) parts.delete(text);
    // An alternative without further conditions covers all others.
    if (demands.some((parts) => parts.size === 0)) return allOf(shared);
    const rests = demands.map((parts) => allOf([...parts.values()]));
    return this.simplify(allOf([...shared, anyOf(rests)]));
  }
}

function partsOf(filter: Filter): readonly Filter[] {
  return filter.kind === 'and' ? filter.terms : [filter];
}

function negated(filter: Filter): Filter {
  return filter.kind === 'not' ? filter.term : { kind: 'not', term: filter };
}
