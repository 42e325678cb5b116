/** What an entry of the image holds for a place: a node when all packets fare alike there, else a row. */
import { RulesCompileError } from './compile-error.ts';
import type { Places } from './compile-places.ts';
import { type PreparedRule, UNCONDITIONAL } from './compile-rules-list.ts';
import type { ServiceSignatures } from './compile-signatures.ts';
import { CHAIN_LIMIT, VALUE_KIND, VALUE_NUMBERS } from './image-layout.ts';

/** Together, in bytes. */
export const ROWS_LIMIT = 256 * 2 ** 20;

export interface Node {
  /** Place in the list of rules. */
  readonly rule: number;
  /** 0: none. */
  readonly next: number;
}

export class Values {
  /** Number 0 is no node. */
  readonly nodes: Node[] = [{ rule: -1, next: 0 }];
  readonly #rules: readonly PreparedRule[];
  readonly #places: Places;
  readonly #signatures: ServiceSignatures | undefined;
  readonly #byPlace: number[] = [];
  readonly #byLink = new Map<number, number>();
  readonly #lengths: number[] = [0];
  readonly #chain: number[] = [];
  #rows = new Uint32Array(1024);
  #rowCount = 0;

  constructor(rules: readonly PreparedRule[], places: Places, signatures: ServiceSignatures | undefined) {
    this.#rules = rules;
    this.#places = places;
    this.#signatures = signatures;
  }

  get serviceCount(): number {
    return this.#signatures?.count ?? 1;
  }

  /** A node number for each service, row behind row. */
  get rows(): Uint32Array {
    return this.#rows.subarray(0, this.#rowCount * this.serviceCount);
  }

  /** @throws RulesCompileError when chains or rows grow too long. */
  at(place: number): number {
    let value = this.#byPlace[place];
    if (value === undefined) {
      value = this.#valueOf(this.#places.rulesAt(place));
      this.#byPlace[place] = value;
    }
    return value;
  }

  #valueOf(list: readonly number[]): number {
    const signatures = this.#signatures;
    if (!signatures || list.every((rule) => this.#conditionOf(rule) === UNCONDITIONAL)) return this.#nodeFor(list, 0);
    const services = this.serviceCount;
    const row = this.#newRow();
    let alike = true;
    for (let service = 0; service < services; service++) {
      const node = this.#nodeFor(list, service);
      this.#rows[row * services + service] = node;
      alike &&= node === this.#rows[row * services];
    }
    if (!alike) return VALUE_KIND.row * VALUE_NUMBERS + row;
    this.#rowCount--;
    return this.#rows[row * services] as number;
  }

  /** The chain of the rules that hold for a service, each for as long as none before it does. */
  #nodeFor(list: readonly number[], service: number): number {
    const chain = this.#chain;
    chain.length = 0;
    let until = Number.NEGATIVE_INFINITY;
    for (const place of list) {
      const { expiresMs, condition } = this.#rules[place] as PreparedRule;
      if (expiresMs <= until) continue;
      if (condition !== UNCONDITIONAL && !this.#signatures?.holds(service, condition)) continue;
      chain.push(place);
      until = expiresMs;
      if (until === Number.POSITIVE_INFINITY) break;
    }
    let node = 0;
    for (let i = chain.length - 1; i >= 0; i--) node = this.#link(chain[i] as number, node);
    return node;
  }

  #link(rule: number, next: number): number {
    const key = rule * VALUE_NUMBERS + next;
    const known = this.#byLink.get(key);
    if (known !== undefined) return known;
    const length = (this.#lengths[next] as number) + 1;
    if (length > CHAIN_LIMIT) {
      const { id } = this.#rules[rule] as PreparedRule;
      const message = `More than ${CHAIN_LIMIT} rules for the same packets, rule ${id} among them, end one after the other: remove some, or give them one end.`;
      throw new RulesCompileError('limit', message, CHAIN_LIMIT);
    }
    this.#lengths.push(length);
    const number = this.nodes.push({ rule, next }) - 1;
    this.#byLink.set(key, number);
    return number;
  }

  #conditionOf(rule: number): number {
    return (this.#rules[rule] as PreparedRule).condition;
  }

  #newRow(): number {
    const needed = (this.#rowCount + 1) * this.serviceCount;
    if (4 * needed > ROWS_LIMIT) {
      const message = `Rules for ${this.#rowCount} different groups of sources tell ${this.serviceCount} kinds of packets apart, which is more than the tables hold: use fewer different ports, or put sources into sets.`;
      throw new RulesCompileError('limit', message, Math.floor(ROWS_LIMIT / 4 / this.serviceCount));
    }
    if (needed > this.#rows.length) {
      const larger = new Uint32Array(Math.max(needed, 2 * this.#rows.length));
      larger.set(this.#rows);
      this.#rows = larger;
    }
    return this.#rowCount++;
  }
}
