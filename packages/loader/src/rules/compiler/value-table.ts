/** What an entry of the image holds for a place: a node if all packets get the same verdict there, otherwise a row. */
import { RULE_CHAIN_LIMIT, RULE_LIMIT, RULE_VALUE } from '@packetlog/bpf';
import { RulesCompileError } from './compile-error.ts';
import type { Places } from './prefix-indexes.ts';
import { isOutlived, LIMIT_RANK, type PreparedRule, UNCONDITIONAL } from './prepared-rules.ts';
import type { ServiceSignatures } from './signatures.ts';

/** Total size of all rows, in bytes. */
export const ROWS_LIMIT = 128 * 2 ** 20;

const NODES_LIMIT = 2 ** RULE_VALUE.shift;
const SLICE = RULE_VALUE.slice * NODES_LIMIT;
const ROW = RULE_VALUE.row * NODES_LIMIT;

/** Stands for packets for which no condition holds. */
const NO_SERVICE = -1;

export interface Node {
  /** Index in the list of rules; -1: none. */
  readonly rule: number;
  /** 0: none. */
  readonly next: number;
  /** Numbers of limits, one in each byte; 0: the node is that of a rule. */
  readonly limits: number;
  /** Of a rule. */
  readonly packetCondition: number;
}

export class Values {
  /** Number 0 means no node. */
  readonly nodes: Node[] = [{ rule: -1, next: 0, limits: 0, packetCondition: UNCONDITIONAL }];
  readonly #rules: readonly PreparedRule[];
  /** Rules for any source, limits among them: a packet meets them besides those of its source. */
  readonly #any: ReadonlySet<number>;
  readonly #anyLimits: readonly number[];
  readonly #places: Places;
  readonly #signatures: ServiceSignatures | undefined;
  readonly #byPlace: number[] = [];
  readonly #byLink = new Map<number, number>();
  readonly #byLimits = new Map<string, number>();
  /** Services by the conditions that were looked up. */
  readonly #touched = new Map<string, Uint16Array>();
  readonly #chain: number[] = [];
  #rows = new Uint32Array(1024);
  #rowCount = 0;

  /** `any`: indexes of the rules for any source. */
  constructor(
    rules: readonly PreparedRule[],
    any: readonly number[],
    places: Places,
    signatures: ServiceSignatures | undefined,
  ) {
    this.#rules = rules;
    this.#any = new Set(any);
    this.#anyLimits = any.filter((place) => (rules[place] as PreparedRule).rank === LIMIT_RANK);
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
    this.#requireFewLimits(list);
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

  /** Throws if a packet may meet too many limits: those of the list, and those for any source. */
  #requireFewLimits(list: readonly number[]): void {
    const own = list.filter((place) => this.#ruleAt(place).rank === LIMIT_RANK);
    if (own.length === 0) return;
    const all = this.#any.has(own[0] as number) ? own : [...own, ...this.#anyLimits];
    if (all.length <= RULE_LIMIT.per_packet) return;
    for (let service = 0; service < this.serviceCount; service++) {
      const met = all.filter((place) => this.#holds(this.#ruleAt(place).condition, service));
      if (met.length > RULE_LIMIT.per_packet) throw tooManyLimits(met.map((place) => this.#ruleAt(place).id));
    }
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

  /** Returns the chain of the rules that hold for a service. Each may decide where those before it have expired, or do not
   * hold for a packet. */
  #nodeFor(list: readonly number[], service: number): number {
    const chain = this.#chain;
    let length = 0;
    const covered = new Covered();
    const limits: number[] = [];
    /** Rules before the limits. */
    let before = 0;
    for (const place of list) {
      const rule = this.#ruleAt(place);
      const { condition, rank } = rule;
      if (rank <= LIMIT_RANK) before = length;
      if (!this.#holds(condition, service) || covered.has(rule)) continue;
      if (rank === LIMIT_RANK) {
        limits.push(place);
        continue;
      }
      if (rank < LIMIT_RANK) before = length + 1;
      if (length + Math.min(1, limits.length) === RULE_CHAIN_LIMIT)
        throw chainTooLong([...chain.slice(0, length), place].map((each) => this.#ruleAt(each).id));
      chain[length++] = place;
      covered.add(rule);
      if (covered.all) break;
    }
    let node = 0;
    while (length > before) node = this.#link(chain[--length] as number, node);
    if (limits.length > 0) node = this.#linkLimits(limits, node);
    while (length > 0) node = this.#link(chain[--length] as number, node);
    return node;
  }

  /** Limits of a source begin in the lowest byte, those of any source in the highest: the program combines both. */
  #linkLimits(limits: readonly number[], next: number): number {
    const isAny = this.#any.has(limits[0] as number);
    let packed = 0;
    limits.forEach((place, i) => {
      packed += limitByte(this.#ruleAt(place)) * 2 ** (8 * (isAny ? RULE_LIMIT.per_packet - limits.length + i : i));
    });
    const key = `${packed} ${next}`;
    let node = this.#byLimits.get(key);
    if (node === undefined) {
      node = this.nodes.push({ rule: -1, next, limits: packed, packetCondition: UNCONDITIONAL }) - 1;
      this.#byLimits.set(key, node);
    }
    return node;
  }

  #ruleAt(place: number): PreparedRule {
    return this.#rules[place] as PreparedRule;
  }

  #holds(condition: number, service: number): boolean {
    if (condition === UNCONDITIONAL) return true;
    return service !== NO_SERVICE && this.#signatures?.holds(service, condition) === true;
  }

  #link(rule: number, next: number): number {
    const key = rule * NODES_LIMIT + next;
    let node = this.#byLink.get(key);
    if (node === undefined) {
      const { packetCondition } = this.#ruleAt(rule);
      node = this.nodes.push({ rule, next, limits: 0, packetCondition }) - 1;
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

/** Returns the number of a limit, with the bit of those that measure connections. */
function limitByte({ limit }: PreparedRule): number {
  if (limit === undefined) return 0;
  return limit.numbers.measure === 'connections' ? limit.number + RULE_LIMIT.connections : limit.number;
}

/** The packets that the rules of a chain decide, and until when. */
class Covered {
  #until = Number.NEGATIVE_INFINITY;
  /** By packet condition. Most chains have none. */
  #byCondition: Map<number, number> | undefined;

  /** Whether an earlier rule decides wherever this one could. */
  has(rule: PreparedRule): boolean {
    return isOutlived(rule, Math.max(this.#until, this.#byCondition?.get(rule.packetCondition) ?? this.#until));
  }

  add({ packetCondition, expiresMs, isBan }: PreparedRule): void {
    if (isBan) return;
    if (packetCondition === UNCONDITIONAL) {
      this.#until = expiresMs;
      return;
    }
    this.#byCondition ??= new Map();
    this.#byCondition.set(packetCondition, expiresMs);
  }

  /** Whether no later rule can decide. */
  get all(): boolean {
    return this.#until === Number.POSITIVE_INFINITY;
  }
}

function chainTooLong(ids: readonly number[]): RulesCompileError {
  const message = `More than ${RULE_CHAIN_LIMIT} rules match the same packets and expire one after the other, or have conditions such as TCP flags: rules ${ids.join(', ')}. Remove some, give them the same expiry, or narrow their sources or ports.`;
  return new RulesCompileError('limit', message, RULE_CHAIN_LIMIT);
}

function tooManyLimits(ids: readonly number[]): RulesCompileError {
  const most = RULE_LIMIT.per_packet;
  const message = `More than ${most} limits match the same packets: rules ${ids.join(', ')}. Remove some, or narrow their sources or ports.`;
  return new RulesCompileError('limit', message, most);
}

/** Encodes a value for the image. */
export function taggedValue(kind: 'slice' | 'row', number: number): number {
  return (kind === 'slice' ? SLICE : ROW) + number;
}
