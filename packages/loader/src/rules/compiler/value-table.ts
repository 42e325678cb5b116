/** What an entry of the image holds for a place: a node if all packets get the same verdict there, otherwise a row. */
import { RULE_CHAIN_LIMIT, RULE_VALUE } from '@packetlog/bpf';
import { RulesCompileError } from './compile-error.ts';
import type { Places } from './prefix-indexes.ts';
import { type PreparedRule, UNCONDITIONAL } from './prepared-rules.ts';
import type { ServiceSignatures } from './signatures.ts';

/** Total size of all rows, in bytes. */
export const ROWS_LIMIT = 128 * 2 ** 20;

const NODES_LIMIT = 2 ** RULE_VALUE.shift;
const SLICE = RULE_VALUE.slice * NODES_LIMIT;
const ROW = RULE_VALUE.row * NODES_LIMIT;

/** Stands for packets for which no condition holds. */
const NO_SERVICE = -1;

export interface Node {
  /** Index in the list of rules. */
  readonly rule: number;
  /** 0: none. */
  readonly next: number;
}

export class Values {
  /** Number 0 means no node. */
  readonly nodes: Node[] = [{ rule: -1, next: 0 }];
  readonly #rules: readonly PreparedRule[];
  readonly #places: Places;
  readonly #signatures: ServiceSignatures | undefined;
  readonly #byPlace: number[] = [];
  readonly #byLink = new Map<number, number>();
  /** Services by the conditions that were looked up. */
  readonly #touched = new Map<string, Uint16Array>();
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

  /** A node number per service, one row after the other. */
  get rows(): Uint32Array {
    return this.#rows.subarray(0, this.#rowCount * this.serviceCount);
  }

  /** @throws RulesCompileError if chains or rows grow too long */
  at(place: number): number {
    let value = this.#byPlace[place];
    if (value === undefined) {
      value = this.#valueOf(this.#places.rulesAt(place));
      this.#byPlace[place] = value;
    }
    return value;
  }

  #valueOf(list: readonly number[]): number {
    const always = this.#nodeFor(list, NO_SERVICE);
    const touched = this.#servicesTouched(list);
    const nodes = Array.from(touched, (service) => this.#nodeFor(list, service));
    const usual = touched.length < this.serviceCount ? always : (nodes[0] as number);
    if (nodes.every((node) => node === usual)) return usual;
    const row = this.#newRow(always);
    nodes.forEach((node, i) => {
      this.#rows[row * this.serviceCount + (touched[i] as number)] = node;
    });
    return taggedValue('row', row);
  }

  /** Returns all services for which a rule of the list with a condition holds. */
  #servicesTouched(list: readonly number[]): Uint16Array {
    const conditions = new Set(list.map((rule) => (this.#rules[rule] as PreparedRule).condition));
    conditions.delete(UNCONDITIONAL);
    const key = [...conditions].join();
    let services = this.#touched.get(key);
    if (!services) {
      services = this.#servicesOf([...conditions]);
      this.#touched.set(key, services);
    }
    return services;
  }

  #servicesOf(conditions: readonly number[]): Uint16Array {
    const services: number[] = [];
    for (let service = 0; service < this.serviceCount; service++) {
      if (conditions.some((condition) => this.#holds(condition, service))) services.push(service);
    }
    return Uint16Array.from(services);
  }

  /** Returns the chain of the rules that hold for a service; each holds longer than those before it. */
  #nodeFor(list: readonly number[], service: number): number {
    const chain = this.#chain;
    let length = 0;
    let until = Number.NEGATIVE_INFINITY;
    for (const place of list) {
      const { expiresMs, condition } = this.#rules[place] as PreparedRule;
      if (expiresMs <= until || !this.#holds(condition, service)) continue;
      if (length === RULE_CHAIN_LIMIT) throw chainTooLong(this.#rules[place] as PreparedRule);
      chain[length++] = place;
      until = expiresMs;
      if (until === Number.POSITIVE_INFINITY) break;
    }
    let node = 0;
    while (length > 0) node = this.#link(chain[--length] as number, node);
    return node;
  }

  #holds(condition: number, service: number): boolean {
    if (condition === UNCONDITIONAL) return true;
    return service !== NO_SERVICE && this.#signatures?.holds(service, condition) === true;
  }

  #link(rule: number, next: number): number {
    const key = rule * NODES_LIMIT + next;
    let node = this.#byLink.get(key);
    if (node === undefined) {
      node = this.nodes.push({ rule, next }) - 1;
      this.#byLink.set(key, node);
    }
    return node;
  }

  #newRow(node: number): number {
    const services = this.serviceCount;
    const needed = (this.#rowCount + 1) * services;
    if (4 * needed > ROWS_LIMIT) {
      const most = Math.floor(ROWS_LIMIT / 4 / services);
      const message = `Rules distinguish ${services} kinds of packets, and with these at most ${most} groups of sources: use fewer different ports, or put sources into sets.`;
      throw new RulesCompileError('limit', message, most);
    }
    if (needed > this.#rows.length) {
      const larger = new Uint32Array(Math.max(needed, 2 * this.#rows.length));
      larger.set(this.#rows);
      this.#rows = larger;
    }
    this.#rows.fill(node, needed - services, needed);
    return this.#rowCount++;
  }
}

function chainTooLong({ id }: PreparedRule): RulesCompileError {
  const message = `More than ${RULE_CHAIN_LIMIT} rules for the same packets, rule ${id} among them, expire one after the other: remove some, or give them the same expiry.`;
  return new RulesCompileError('limit', message, RULE_CHAIN_LIMIT);
}

/** Encodes a value for the image. */
export function taggedValue(kind: 'slice' | 'row', number: number): number {
  return (kind === 'slice' ? SLICE : ROW) + number;
}
