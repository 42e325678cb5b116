/** Sums of a block by protocol and destination port, of the packets that have ports. */
import { hasPorts } from '../record/field-names.ts';
import { portsRead } from '../record/read-fields.ts';
import { AddressDictionary } from './address-column.ts';
import type { RecordColumns } from './columns.ts';

export interface PortSums {
  readonly count: number;
  /** Protocol and port in one number, protocol * 65,536 + port, ascending. */
  readonly services: Uint32Array;
  /** Sums of the weights, of weight * length, and of 1. */
  readonly packets: Float64Array;
  readonly bytes: Float64Array;
  readonly records: Float64Array;
}

export const PORT_FIELDS = ['ip_protocol', 'src_port', 'dst_port', 'tcp_flags', 'reason'] as const;
type PortColumns = Pick<RecordColumns, (typeof PORT_FIELDS)[number]>;

const PORTS = Uint8Array.from({ length: 256 }, (_, protocol) => (hasPorts(protocol) ? 1 : 0));

/** Returns a function that says whether the packet of a record has ports, as `portsRead` decides. Reads all PORT_FIELDS. */
export function portTest(columns: PortColumns): (i: number) => boolean {
  const { ip_protocol, src_port: sources, dst_port: destinations, tcp_flags: allFlags, reason } = columns;
  return (i) => {
    const protocol = ip_protocol[i] as number;
    if (PORTS[protocol] !== 1) return false;
    if (((sources[i] as number) | (destinations[i] as number) | (allFlags[i] as number)) !== 0) return true;
    const [src_port, dst_port, tcp_flags] = [0, 0, 0];
    return portsRead({ ip_protocol: protocol, src_port, dst_port, tcp_flags, reason: reason[i] as number });
  };
}

/** Returns undefined if there would be more than `maxPorts`. */
export function portSumsOf(columns: RecordColumns, maxPorts: number): PortSums | undefined {
  const { count, ip_protocol, dst_port, weight, length } = columns;
  const services = new AddressDictionary(maxPorts);
  const packets = new Float64Array(maxPorts);
  const bytes = new Float64Array(maxPorts);
  const records = new Float64Array(maxPorts);
  const hasPort = portTest(columns);
  for (let i = 0; i < count; i++) {
    if (!hasPort(i)) continue;
    const service = services.indexOf(((ip_protocol[i] as number) << 16) | (dst_port[i] as number), 0, 0, 0);
    if (service < 0) return undefined;
    const each = weight[i] as number;
    packets[service] = (packets[service] as number) + each;
    bytes[service] = (bytes[service] as number) + each * (length[i] as number);
    records[service] = (records[service] as number) + 1;
  }
  const found = Array.from({ length: services.size }, (_, i) => i).sort(
    (one, other) => services.wordsAt(one)[0] - services.wordsAt(other)[0],
  );
  return {
    count: services.size,
    services: Uint32Array.from(found, (i) => services.wordsAt(i)[0]),
    packets: Float64Array.from(found, (i) => packets[i] as number),
    bytes: Float64Array.from(found, (i) => bytes[i] as number),
    records: Float64Array.from(found, (i) => records[i] as number),
  };
}
