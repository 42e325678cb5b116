/** The same text for filters that say the same, as far as order and repetition go. */
import { allOf, anyOf, EVERYTHING, type Filter } from './filter.ts';
import { formatFilter, rememberingFormatter } from './format.ts';

/** `all` for one that lets everything through. */
export function filterKey(filter: Filter): string {
  return formatFilter(simplified(filter));
}

/** Lets the same through: no term twice, none that says nothing, terms in one order, what is common said once. */
export function simplified(filter: Filter): Filter {
  return new Simplifier().simplify(filter);
}

class Simplifier {
  readonly #textOf = rememberingFormatter();
  readonly #simple = new Map<Filter, Filter>();

  simplify(filter: Filter): Filter {
    const known = this.#simple.get(filter);
    if (known !== undefined) return known;
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

  /** In one order. */
  #distinct(terms: readonly Filter[]): readonly Filter[] {
    const byText = new Map(terms.map((term) => [this.#textOf(term), term]));
    return [...byText.keys()].sort().map((text) => byText.get(text) as Filter);
  }

  /** What all alternatives demand is said once: `tcp and (port 80 or port 443)`. */
  #withoutRepetition(filter: Filter & { readonly kind: 'or' }): Filter {
    const demands = filter.terms.map((term) => new Map(partsOf(term).map((part) => [this.#textOf(part), part])));
    const [first = new Map<string, Filter>(), ...others] = demands;
    const common = [...first].filter(([text]) => others.every((other) => other.has(text)));
    if (common.length === 0) return filter;
    const shared = common.map(([, part]) => part);
    for (const parts of demands) for (const [text] of common) parts.delete(text);
    // One that demands nothing more stands for all.
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
