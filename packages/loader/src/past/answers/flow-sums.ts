/**
 * Sums of a block by everything that top lists need: addresses, protocol, port, rule and interface. Most blocks have far
 * fewer such flows than records, and each list then looks a flow up once.
 */
import { AddressDictionary, hasPorts, IP_PROTOCOL_NONE, portsRead, type RecordColumns } from '@packetlog/common';
import type { VolumeSums } from './key-sums.ts';

export interface Flow extends VolumeSums {
  /** Whether it has addresses. */
  readonly isIp: boolean;
  /** Entries of the block's dictionaries. */
  readonly source: number;
  readonly destination: number;
  readonly ipProtocol: number;
  /** Destination port; undefined if the packets have none. */
  readonly port: number | undefined;
  readonly ruleId: number;
  readonly ifindex: number;
}

export const FLOW_FIELDS = [
  ...(['src_addr', 'dst_addr', 'ip_protocol', 'src_port', 'dst_port', 'tcp_flags', 'reason'] as const),
  ...(['rule_id', 'ifindex', 'weight', 'length'] as const),
];

const PORTS = Uint8Array.from({ length: 256 }, (_, protocol) => (hasPorts(protocol) ? 1 : 0));
/** In the word of protocol and port: the packet has the port. */
const WITH_PORT = 1 << 24;
const U16 = 0xffff;

/** Yields the flows of the block's records, or of those that `rows` marks with 1. */
export function* flowsOf(columns: RecordColumns, rows?: Uint8Array): Generator<Flow, void, undefined> {
  const { count, weight, length, rule_id, ifindex, ip_protocol, src_port, dst_port, tcp_flags, reason } = columns;
  const from = columns.src_addr.indexes;
  const to = columns.dst_addr.indexes;
  const flows = new AddressDictionary();
  const packets = new Float64Array(count);
  const bytes = new Float64Array(count);
  const records = new Uint32Array(count);
  const places = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    if (rows !== undefined && rows[i] !== 1) continue;
    const protocol = ip_protocol[i] as number;
    let service = protocol << 16;
    if (PORTS[protocol] === 1) {
      const [source, port, flags] = [src_port[i] as number, dst_port[i] as number, tcp_flags[i] as number];
      const isRead =
        (source | port | flags) !== 0 ||
        portsRead({
          ip_protocol: protocol,
          src_port: source,
          dst_port: port,
          tcp_flags: flags,
          reason: reason[i] as number,
        });
      if (isRead) service |= WITH_PORT | port;
    }
    // A block has at most 65,536 records, so an index has 16 bits.
    const flow = flows.indexOf(
      ((from[i] as number) << 16) | (to[i] as number),
      service,
      (rule_id[i] as number) | 0,
      (ifindex[i] as number) | 0,
    );
    const each = weight[i] as number;
    packets[flow] = (packets[flow] as number) + each;
    bytes[flow] = (bytes[flow] as number) + each * (length[i] as number);
    records[flow] = (records[flow] as number) + 1;
    places[flow] = i;
  }
  for (let flow = 0; flow < flows.size; flow++) {
    const [addresses, service] = flows.wordsAt(flow);
    const place = places[flow] as number;
    const ipProtocol = (service >>> 16) & 0xff;
    yield {
      isIp: ipProtocol !== IP_PROTOCOL_NONE,
      source: addresses >>> 16,
      destination: addresses & U16,
      ipProtocol,
      port: (service & WITH_PORT) === 0 ? undefined : service & U16,
      ruleId: rule_id[place] as number,
      ifindex: ifindex[place] as number,
      packets: packets[flow] as number,
      bytes: bytes[flow] as number,
      records: records[flow] as number,
    };
  }
}
