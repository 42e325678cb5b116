/** Merges sockets that receive packets of any peer into few port ranges. */
import type { PortRange } from '@packetlog/common';
import type { Service } from './machine-facts.ts';

export interface ServicePorts {
  readonly ipProtocol: number;
  /** Undefined: a protocol without ports. */
  readonly ports: PortRange | undefined;
  /** Sorted; empty: not known. */
  readonly processes: readonly string[];
}

/** Joins adjacent ports of the same processes. Sorted by protocol and port. */
export function mergedServices(services: readonly Service[]): ServicePorts[] {
  const byPort = new Map<string, Service & { names: Set<string> }>();
  for (const service of services) {
    const key = `${service.ipProtocol} ${service.port}`;
    const known = byPort.get(key) ?? { ...service, names: new Set<string>() };
    if (service.process !== undefined) known.names.add(service.process);
    byPort.set(key, known);
  }
  const sorted = [...byPort.values()].sort((a, b) => a.ipProtocol - b.ipProtocol || (a.port ?? 0) - (b.port ?? 0));
  const merged: ServicePorts[] = [];
  for (const { ipProtocol, port, names } of sorted) {
    const processes = [...names].sort();
    const last = merged.at(-1);
    const isNext =
      last?.ports !== undefined &&
      last.ipProtocol === ipProtocol &&
      last.ports.to + 1 === port &&
      last.processes.join() === processes.join();
    if (isNext && last?.ports !== undefined)
      merged[merged.length - 1] = { ...last, ports: { ...last.ports, to: port as number } };
    else merged.push({ ipProtocol, ports: port === undefined ? undefined : { from: port, to: port }, processes });
  }
  return merged;
}
