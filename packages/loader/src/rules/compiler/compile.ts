/**
 * Compiles a whole rule set into an image that the XDP program looks up in. Pure: the same rules give the same image.
 *
 *   rules ─ prepareRules ─┬─ conditions ─ compileServices ─────────┐
 *                         └─ networks, sets ─ sweep ─ bounds, rows ─┴─ writeImage
 */
import { RULE_ACTION } from '@packetlog/bpf';
import type { DefaultPolicy, Rule } from '@packetlog/common';
import { overKey } from '../../ipc/counter-keys.ts';
import type { AddressList } from '../lists/address-list.ts';
import { Bounds, rootBitsFor, rootTable } from './bounds.ts';
import { assignCounterSlots } from './counter-slots.ts';
import { compileIpv4 } from './ipv4.ts';
import { compileIpv6 } from './ipv6.ts';
import { groupNetworks } from './network-groups.ts';
import { NOWHERE, Places } from './prefix-indexes.ts';
import { type PreparedRule, prepareRules, RANKED_ACTIONS } from './prepared-rules.ts';
import { compileServices } from './services.ts';
import { type Node, Values } from './value-table.ts';
import { type NodeFacts, writeImage } from './write-image.ts';

export interface RulesToCompile {
  readonly rules: readonly Rule[];
  readonly defaultPolicy: DefaultPolicy;
  /** Every set that a rule names. */
  readonly sets: ReadonlyMap<string, AddressList>;
  /**
   * Slot (1 to 63) of each attached interface. Rules about other interfaces match nothing until they are compiled
   * again.
   */
  readonly interfaceSlots: ReadonlyMap<string, number>;
  /** Number of counter slots, and the previous slot of each rule. */
  readonly counters: { readonly limit: number; readonly previous: ReadonlyMap<number, number> };
  /** CLOCK_MONOTONIC; for a provisional ruleset. */
  readonly untilMonoNs?: bigint;
  /** Allocates zeroed memory for the image, shared or mapped from the kernel. Called once. */
  readonly allocate?: (bytes: number) => Uint8Array;
  /** Bits of the root tables' index; default: from the number of bounds. */
  readonly rootBits?: { readonly ipv4?: number; readonly filter?: number; readonly ipv6?: number };
}

export interface CompiledRules {
  /** Size is a multiple of a line. */
  readonly image: Uint8Array;
  /** Counter slot by rule id, and by `overKey` of limits. */
  readonly counterSlots: ReadonlyMap<number, number>;
  readonly stats: {
    readonly bounds: number;
    readonly places: number;
    readonly services: number;
    readonly nodes: number;
  };
}

/** @throws RulesCompileError for rules that do not fit, or a missing set */
export function compileRules(input: RulesToCompile): CompiledRules {
  const ids = input.rules.flatMap(({ id, action }) => (action === 'limit' ? [id, overKey(id)] : [id]));
  const counterSlots = assignCounterSlots(ids, input.counters.previous, input.counters.limit);
  const prepared = prepareRules(input.rules, counterSlots);
  const services =
    prepared.conditions.length > 0 ? compileServices(prepared.conditions, input.interfaceSlots) : undefined;
  const places = new Places(prepared.rules);
  const values = new Values(prepared.rules, prepared.any, places, services?.signatures);
  const networks = groupNetworks(prepared, input.sets, places);
  const bounds = new Bounds();
  const slices = new Bounds();
  const ipv4 = compileIpv4(networks, places, values, bounds, input.rootBits?.ipv4, input.rootBits?.filter);
  const inFullBlocks = bounds.count;
  const ipv6 = compileIpv6(networks, places, values, bounds, slices);
  const anyValue = values.at(places.enter(NOWHERE, places.addGroup(prepared.any)));
  const image = writeImage(
    {
      defaultDeny: input.defaultPolicy === 'deny',
      untilMonoNs: input.untilMonoNs ?? 0n,
      root4: ipv4.root,
      filter: ipv4.filter,
      root6: rootTable(bounds, ipv6.first, ipv6.count, input.rootBits?.ipv6 ?? rootBitsFor(ipv6.count)),
      bounds,
      slices,
      serviceCount: values.serviceCount,
      services,
      rows: values.rows,
      limits: prepared.rules.filter(({ limit }) => limit !== undefined),
      packetConditions: prepared.packetConditions,
      nodes: values.nodes.slice(1).map((node) => nodeFacts(node, prepared.rules)),
      anyValue,
    },
    input.allocate ?? ((bytes) => new Uint8Array(bytes)),
  );
  const stats = {
    bounds: ipv4.count + bounds.count - inFullBlocks,
    places: places.count,
    services: values.serviceCount,
    nodes: values.nodes.length - 1,
  };
  return { image, counterSlots, stats };
}

function nodeFacts({ rule, next, limits, packetCondition }: Node, rules: readonly PreparedRule[]): NodeFacts {
  const links = { next, limits, packetCondition };
  if (limits > 0)
    return { ruleId: 0, counterSlot: 0, action: RULE_ACTION.limit, expiresMs: Number.POSITIVE_INFINITY, ...links };
  const { id, counterSlot, rank, expiresMs } = rules[rule] as PreparedRule;
  const action = RULE_ACTION[RANKED_ACTIONS[rank] as keyof typeof RULE_ACTION];
  return { ruleId: id, counterSlot, action, expiresMs, ...links };
}
