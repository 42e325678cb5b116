/**
 * Services: packets that no condition tells apart. A packet's service comes from two or three table lookups, and a rule
 * holds for all of a service or for none of it.
 */
import { hasPorts } from '@packetlog/common';
import { RulesCompileError } from './compile-error.ts';
import type { Condition } from './compile-rules-list.ts';
import { ServiceSignatures } from './compile-signatures.ts';
import { INTERFACE_CLASS_LIMIT, INTERFACE_SLOTS, PORT_PROTOCOLS, SERVICE_LIMIT } from './image-layout.ts';

const PROTOCOLS = 256;
const PORTS = 65_536;

export interface Services {
  readonly signatures: ServiceSignatures;
  /** Interface class by slot. */
  readonly interfaceClasses: Uint8Array;
  /** One for each interface class. */
  readonly protocolTables: readonly Uint16Array[];
  /** Equal ones are there once. */
  readonly portTables: readonly Uint16Array[];
  /** By class * 4 + place of the protocol: 1 + place in `portTables`, 0 for none. */
  readonly portTableNumbers: Uint32Array;
}

/** @throws RulesCompileError for more interfaces or services than the tables hold. */
export function compileServices(
  conditions: readonly Condition[],
  interfaceSlots: ReadonlyMap<string, number>,
): Services {
  const signatures = new ServiceSignatures(conditions.length);
  const classNames = interfaceClassNames(conditions, interfaceSlots);
  const interfaceClasses = new Uint8Array(INTERFACE_SLOTS);
  classNames.forEach((name, index) => {
    if (name !== undefined) interfaceClasses[interfaceSlots.get(name) as number] = index;
  });
  const protocolTables: Uint16Array[] = [];
  const portTables = new PortTables();
  const portTableNumbers = new Uint32Array(INTERFACE_CLASS_LIMIT * PORT_PROTOCOLS.length);
  classNames.forEach((name, index) => {
    const here = conditions.map((condition) => condition.interface === undefined || condition.interface === name);
    protocolTables.push(protocolTable(conditions, here, signatures));
    PORT_PROTOCOLS.forEach((protocol, place) => {
      const table = portTable(protocol, conditions, here, signatures);
      if (table) portTableNumbers[index * PORT_PROTOCOLS.length + place] = portTables.numberOf(table);
    });
  });
  return { signatures, interfaceClasses, protocolTables, portTables: portTables.list, portTableNumbers };
}

/** Class 0 is that of interfaces no rule names. Rules about interfaces that are not there match nothing. */
function interfaceClassNames(
  conditions: readonly Condition[],
  interfaceSlots: ReadonlyMap<string, number>,
): (string | undefined)[] {
  const named = new Set(conditions.map((condition) => condition.interface));
  const there = [...named].filter((name) => name !== undefined && interfaceSlots.has(name));
  if (there.length >= INTERFACE_CLASS_LIMIT) {
    const most = INTERFACE_CLASS_LIMIT - 1;
    const message = `Rules name ${there.length} interfaces, ${most} can be told apart: leave the interface out of some rules.`;
    throw new RulesCompileError('limit', message, most);
  }
  return [undefined, ...there];
}

/** For packets whose ports are not known, or none of our business. */
function protocolTable(
  conditions: readonly Condition[],
  here: readonly boolean[],
  signatures: ServiceSignatures,
): Uint16Array {
  const table = new Uint16Array(PROTOCOLS);
  for (let protocol = 0; protocol < PROTOCOLS; protocol++) {
    signatures.clear();
    conditions.forEach((condition, place) => {
      if (here[place] && condition.ports === undefined && takes(condition, protocol)) signatures.toggle(place);
    });
    table[protocol] = serviceOf(signatures);
  }
  return table;
}

/** Undefined when no condition asks for ports of this protocol here. */
function portTable(
  protocol: number,
  conditions: readonly Condition[],
  here: readonly boolean[],
  signatures: ServiceSignatures,
): Uint16Array | undefined {
  const turns: { port: number; place: number }[] = [];
  signatures.clear();
  conditions.forEach((condition, place) => {
    if (!here[place] || !takes(condition, protocol)) return;
    if (condition.ports === undefined) signatures.toggle(place);
    else turns.push({ port: condition.ports.from, place }, { port: condition.ports.to + 1, place });
  });
  if (turns.length === 0) return undefined;
  turns.sort((a, b) => a.port - b.port);
  const table = new Uint16Array(PORTS);
  let from = 0;
  for (const { port, place } of turns) {
    if (port > from) table.fill(serviceOf(signatures), from, port);
    signatures.toggle(place);
    from = port;
  }
  if (from < PORTS) table.fill(serviceOf(signatures), from);
  return table;
}

function takes(condition: Condition, protocol: number): boolean {
  if (condition.protocol !== undefined) return condition.protocol === protocol;
  return condition.ports === undefined || hasPorts(protocol);
}

function serviceOf(signatures: ServiceSignatures): number {
  const service = signatures.current();
  if (service < SERVICE_LIMIT) return service;
  const message = `Rules tell more than ${SERVICE_LIMIT} kinds of packets apart: use fewer different ports, or ranges that overlap less.`;
  throw new RulesCompileError('limit', message, SERVICE_LIMIT);
}

class PortTables {
  readonly list: Uint16Array[] = [];

  /** From 1. */
  numberOf(table: Uint16Array): number {
    const known = this.list.findIndex((other) => other.every((service, port) => service === table[port]));
    return known < 0 ? this.list.push(table) : known + 1;
  }
}
