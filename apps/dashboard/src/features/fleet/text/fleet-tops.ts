import { protocolName, serviceName } from '@packetlog/common';
import type { FleetNode } from '@packetlog/common/fleet';
import { isSilent } from './node-cells.ts';

/** An entry of a list over all nodes. */
export interface FleetTop {
  readonly name: string;
  /** Packets a second, at least: a node reports only its own largest. */
  readonly rate: number;
  /** Nodes that report it. */
  readonly nodes: number;
}

/** The sources and destination ports with the most packets over all nodes, and the nodes that deny most. */
export interface FleetTops {
  readonly sources: readonly FleetTop[];
  readonly ports: readonly FleetTop[];
  readonly denying: readonly FleetTop[];
}

export function topsOf(nodes: readonly FleetNode[], nowMs: number, count: number): FleetTops {
  const sources = new Map<string, FleetTop>();
  const ports = new Map<number, FleetTop>();
  const denying: FleetTop[] = [];
  for (const node of nodes) {
    const { report } = node;
    if (report === undefined || isSilent(node, nowMs)) continue;
    const perSecond = 1000 / report.interval_ms;
    for (const { addr, packets } of report.top_sources) add(sources, addr, packets * perSecond, () => addr);
    for (const { ip_protocol, port, packets } of report.top_ports)
      add(ports, ip_protocol * 65_536 + port, packets * perSecond, () => portText(ip_protocol, port));
    if (report.denied > 0) denying.push({ name: node.name, rate: report.denied * perSecond, nodes: 1 });
  }
  const largest = (entries: Iterable<FleetTop>) => [...entries].sort((a, b) => b.rate - a.rate).slice(0, count);
  return { sources: largest(sources.values()), ports: largest(ports.values()), denying: largest(denying) };
}

function add<Key>(tops: Map<Key, FleetTop>, key: Key, rate: number, nameOf: () => string): void {
  const before = tops.get(key);
  if (before === undefined) tops.set(key, { name: nameOf(), rate, nodes: 1 });
  else tops.set(key, { ...before, rate: before.rate + rate, nodes: before.nodes + 1 });
}

function portText(ipProtocol: number, port: number): string {
  const service = serviceName(ipProtocol, port);
  return `${protocolName(ipProtocol).toLowerCase()} ${port}${service === undefined ? '' : ` ${service}`}`;
}
