/**
 * Sums of a block by everything that top lists need: addresses, protocol, port, rule and interface. Most blocks have far
 * fewer such flows than records, and each list then looks a flow up once.
 */
import {
  AddressDictionary,
  IP_PROTOCOL_NONE,
  type PairColumns,
  PORT_FIELDS,
  portTest,
  type RecordColumns,
} from '@packetlog/common';
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
  ...PORT_FIELDS,
  ...(['src_addr', 'dst_addr', 'rule_id', 'ifindex', 'weight', 'length'] as const),
];

/** In the word of protocol and port: the packet has the port. */
const WITH_PORT = 1 << 24;
const U16 = 0xffff;

/** Yields sums by pair as flows without port. @throws TypeError without their bytes. */
export function* pairFlows(pairs: PairColumns): Generator<Flow, void, undefined> {
  const { count, packets, bytes, records, ip_protocol, rule_id, ifindex } = pairs;
  if (bytes === undefined) throw new TypeError('The bytes of the sums by pair were not read.');
  const [from, to] = [pairs.src_addr.indexes, pairs.dst_addr.indexes];
  for (let i = 0; i < count; i++) {
    const ipProtocol = ip_protocol[i] as number;
    yield {
      isIp: ipProtocol !== IP_PROTOCOL_NONE,
      source: from[i] as number,
      destination: to[i] as number,
      ipProtocol,
      port: undefined,
      ruleId: rule_id[i] as number,
      ifindex: ifindex[i] as number,
      packets: packets[i] as number,
      bytes: bytes[i] as number,
      records: records[i] as number,
    };
  }
}

/** Yields the flows of the block's records, or of those that `rows` marks with 1. */
export function* flowsOf(columns: RecordColumns, rows?: Uint8Array): Generator<Flow, void, undefined> {
  const { count, weight, length, rule_id, ifindex, ip_protocol, dst_port } = columns;
  const from = columns.src_addr.indexes;
  const to = columns.dst_addr.indexes;
  const hasPort = portTest(columns);
  const flows = new AddressDictionary();
  const packets = new Float64Array(count);
  const bytes = new Float64Array(count);
  const records = new Uint32Array(count);
  const places = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    if (rows !== undefined && rows[i] !== 1) continue;
    const protocol = ip_protocol[i] as number;
    let service = protocol << 16;
    if (hasPort(i)) service |= WITH_PORT | (dst_port[i] as number);
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
