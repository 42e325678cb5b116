/** Prepares rules for the compiler: numbers instead of words, and equal conditions once. */
import { RULE_LIMIT } from '@packetlog/bpf';
import {
  FIRST_BAN_RULE_ID,
  hasPacketCondition,
  type LimitNumbers,
  limitNumbers,
  type Network,
  type PacketCondition,
  type PortRange,
  packetCondition,
  parseIpProtocol,
  parsePortRange,
  parseRuleSource,
  type Rule,
} from '@packetlog/common';
import { overKey } from '../../ipc/counter-keys.ts';
import { RulesCompileError } from './compile-error.ts';

/** What a rule matches besides its source, as far as it decides the service. Undefined: any. */
export interface Condition {
  readonly protocol: number | undefined;
  readonly ports: PortRange | undefined;
  readonly interface: string | undefined;
}

/**
 * Whether an earlier rule decides wherever a rule could, which until `until` decides the same packets. That does not depend on
 * the end of a ban, which is different in the image once it was ended.
 */
export function isOutlived({ isBan, expiresMs }: Pick<PreparedRule, 'isBan' | 'expiresMs'>, until: number): boolean {
  return (isBan ? Number.POSITIVE_INFINITY : expiresMs) <= until;
}

/** The rule matches all packets of its source. */
export const UNCONDITIONAL = -1;

export interface PreparedRule {
  readonly id: number;
  readonly counterSlot: number;
  /** Permit 0, deny 1, limit 2, observe 3: the lowest decides. */
  readonly rank: number;
  /** Since the Unix epoch; Infinity: no expiry. */
  readonly expiresMs: number;
  /** It may be ended early, in the image: no other rule may be omitted because of it. */
  readonly isBan: boolean;
  /** Index in the list of conditions, or UNCONDITIONAL. */
  readonly condition: number;
  /** Index in the list of packet conditions, or UNCONDITIONAL. */
  readonly packetCondition: number;
  readonly limit: PreparedLimit | undefined;
}

export interface PreparedLimit {
  /** From 1 on, by id. */
  readonly number: number;
  readonly overSlot: number;
  readonly isEnforced: boolean;
  readonly numbers: LimitNumbers;
}

export interface PreparedRules {
  /** Sorted by id: of rules for the same prefix, the lowest id decides. */
  readonly rules: readonly PreparedRule[];
  readonly conditions: readonly Condition[];
  /** Packets are compared with these one by one. */
  readonly packetConditions: readonly PacketCondition[];
  /** Indexes in `rules`, by kind of source. */
  readonly any: readonly number[];
  readonly networks: readonly { readonly network: Network; readonly rule: number }[];
  readonly sets: ReadonlyMap<string, readonly number[]>;
}

/** Above this, tables and compile time would grow too large. */
const CONDITIONS_LIMIT = 2048;

export const RANKED_ACTIONS = ['permit', 'deny', 'limit', 'observe'] as const;
/** Rank of limits: several match a packet, and a rule of a later rank may decide after them. */
export const LIMIT_RANK = RANKED_ACTIONS.indexOf('limit');

export function prepareRules(rules: readonly Rule[], counterSlots: ReadonlyMap<number, number>): PreparedRules {
  const conditions = new ConditionList();
  const packetConditions = new PacketConditionList();
  const any: number[] = [];
  const networks: { network: Network; rule: number }[] = [];
  const sets = new Map<string, number[]>();
  let limits = 0;
  const prepared = [...rules]
    .sort((a, b) => a.id - b.id)
    .map((rule, place): PreparedRule => {
      const source = parseRuleSource(rule.source);
      if (source.kind === 'any') any.push(place);
      else if (source.kind === 'network') networks.push({ network: source.network, rule: place });
      else append(sets, source.name, place);
      return {
        id: rule.id,
        counterSlot: counterSlots.get(rule.id) ?? 0,
        rank: RANKED_ACTIONS.indexOf(rule.action),
        expiresMs: rule.expires_at === undefined ? Number.POSITIVE_INFINITY : Date.parse(rule.expires_at),
        isBan: rule.id >= FIRST_BAN_RULE_ID,
        condition: conditions.placeOf(rule),
        packetCondition: packetConditions.placeOf(rule),
        limit: rule.action === 'limit' ? prepareLimit(rule, ++limits, counterSlots) : undefined,
      };
    });
  return {
    rules: prepared,
    conditions: conditions.list,
    packetConditions: packetConditions.list,
    any,
    networks,
    sets,
  };
}

function prepareLimit(rule: Rule, number: number, counterSlots: ReadonlyMap<number, number>): PreparedLimit {
  if (number > RULE_LIMIT.max) {
    const message = `There are more than ${RULE_LIMIT.max} limits: remove some. A limit for a set of sources is one.`;
    throw new RulesCompileError('limit', message, RULE_LIMIT.max);
  }
  return {
    number,
    overSlot: counterSlots.get(overKey(rule.id)) ?? 0,
    isEnforced: rule.enforce === true,
    numbers: limitNumbers(rule),
  };
}

function append(sets: Map<string, number[]>, name: string, place: number): void {
  const places = sets.get(name);
  if (places) places.push(place);
  else sets.set(name, [place]);
}

class ConditionList {
  readonly list: Condition[] = [];
  readonly #places = new Map<string, number>();

  placeOf(rule: Rule): number {
    const condition: Condition = {
      protocol: rule.protocol === undefined ? undefined : parseIpProtocol(rule.protocol),
      ports: rule.destination_port === undefined ? undefined : parsePortRange(rule.destination_port),
      interface: rule.interface,
    };
    if (Object.values(condition).every((part) => part === undefined)) return UNCONDITIONAL;
    const key = JSON.stringify(condition);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    if (this.list.length === CONDITIONS_LIMIT) throw tooManyConditions();
    this.list.push(condition);
    this.#places.set(key, this.list.length - 1);
    return this.list.length - 1;
  }
}

class PacketConditionList {
  readonly list: PacketCondition[] = [];
  readonly #places = new Map<string, number>();

  placeOf(rule: Rule): number {
    if (!hasPacketCondition(rule)) return UNCONDITIONAL;
    const condition = packetCondition(rule);
    const key = JSON.stringify(condition);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.#places.set(key, this.list.length);
    return this.list.push(condition) - 1;
  }
}

function tooManyConditions(): RulesCompileError {
  const message = `Rules have more than ${CONDITIONS_LIMIT} different conditions of protocol, port and interface: use ranges of ports, or put sources into sets.`;
  return new RulesCompileError('limit', message, CONDITIONS_LIMIT);
}
