/**
 * Services: classes of packets that no condition tells apart. A packet's service comes from two or three table lookups,
 * and a rule holds for all packets of a service or for none.
 */
import { INTERFACE_SLOTS, RULE_PORT_PROTOCOL, RULE_SERVICES } from '@packetlog/bpf';
import { hasPorts } from '@packetlog/common';
import { RulesCompileError } from './compile-error.ts';
import type { Condition } from './prepared-rules.ts';
import { ServiceSignatures } from './signatures.ts';

const PROTOCOLS = 256;
const PORTS = 65_536;

export interface Services {
  readonly signatures: ServiceSignatures;
  /** Interface class by slot. */
  readonly interfaceClasses: Uint8Array;
  /** One table per interface class. */
  readonly protocolTables: readonly Uint16Array[];
  /** Equal tables are stored once. */
  readonly portTables: readonly Uint16Array[];
  /** At class * 4 + RULE_PORT_PROTOCOL: 1 + index in `portTables`, or 0 for none. */
  readonly portTableNumbers: Uint32Array;
}

/** @throws RulesCompileError for more interfaces or services than the tables hold */
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
  const portTableNumbers = new Uint32Array(RULE_SERVICES.max_interface_classes * RULE_SERVICES.port_protocols);
  classNames.forEach((name, index) => {
    const here = conditions.map((condition) => condition.interface === undefined || condition.interface === name);
    protocolTables.push(protocolTable(conditions, here, signatures));
    Object.entries(RULE_PORT_PROTOCOL).forEach(([protocol, place]) => {
      const runs = portRuns(Number(protocol), conditions, here, signatures);
      portTableNumbers[index * RULE_SERVICES.port_protocols + place] = portTables.numberOf(runs);
    });
  });
  return { signatures, interfaceClasses, protocolTables, portTables: portTables.list, portTableNumbers };
}

/** Class 0 is for interfaces that no rule names. Rules about missing interfaces match nothing. */
function interfaceClassNames(
  conditions: readonly Condition[],
  interfaceSlots: ReadonlyMap<string, number>,
): (string | undefined)[] {
  const named = new Set(conditions.map((condition) => condition.interface));
  const there = [...named].filter((name) => name !== undefined && interfaceSlots.has(name));
  if (there.length >= RULE_SERVICES.max_interface_classes) {
    const most = RULE_SERVICES.max_interface_classes - 1;
    const message = `Rules name ${there.length} interfaces, more than the ${most} that can be distinguished: leave the interface out of some rules.`;
    throw new RulesCompileError('limit', message, most);
  }
  return [undefined, ...there];
}

/** Returns the table for packets whose ports are unknown or irrelevant. */
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

/** A service that holds from a port on. */
interface Run {
  readonly from: number;
  readonly service: number;
}

/**
 * Returns runs that cover all ports in ascending order, or none if no condition concerns ports of this protocol here.
 */
function portRuns(
  protocol: number,
  conditions: readonly Condition[],
  here: readonly boolean[],
  signatures: ServiceSignatures,
): Run[] {
  const turns: { port: number; place: number }[] = [];
  signatures.clear();
  conditions.forEach((condition, place) => {
    if (!here[place] || !takes(condition, protocol)) return;
    if (condition.ports === undefined) signatures.toggle(place);
    else turns.push({ port: condition.ports.from, place }, { port: condition.ports.to + 1, place });
  });
  turns.sort((a, b) => a.port - b.port);
  const runs: Run[] = [];
  let from = 0;
  for (const { port, place } of turns) {
    if (port > from) runs.push({ from, service: serviceOf(signatures) });
    signatures.toggle(place);
    from = port;
  }
  if (turns.length > 0 && from < PORTS) runs.push({ from, service: serviceOf(signatures) });
  return runs;
}

function takes(condition: Condition, protocol: number): boolean {
  if (condition.protocol !== undefined) return condition.protocol === protocol;
  return condition.ports === undefined || hasPorts(protocol);
}

function serviceOf(signatures: ServiceSignatures): number {
  const service = signatures.current();
  const most = RULE_SERVICES.max_services;
  if (service < most) return service;
  const message = `Rules distinguish more than ${most} kinds of packets: use fewer different ports, or ranges that overlap less.`;
  throw new RulesCompileError('limit', message, most);
}

class PortTables {
  readonly list: Uint16Array[] = [];
  readonly #numbers = new Map<string, number>();

  /** Returns a number from 1 on; 0 for no runs. */
  numberOf(runs: readonly Run[]): number {
    if (runs.length === 0) return 0;
    const key = runs.map(({ from, service }) => `${from}:${service}`).join();
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.list.push(tableOf(runs));
      this.#numbers.set(key, number);
    }
    return number;
  }
}

function tableOf(runs: readonly Run[]): Uint16Array {
  const table = new Uint16Array(PORTS);
  runs.forEach(({ from, service }, i) => {
    table.fill(service, from, runs[i + 1]?.from);
  });
  return table;
}
