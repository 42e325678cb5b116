/** Which records somebody wants to see, as data, and as a test of a record where it lies. */
import { z } from 'zod';
import { ACTIONS, type Action, PACKET_LOG_FIELDS } from './layout.ts';
import { hasPorts } from './names.ts';
import { formatNetwork, isInNetwork, NetworkError, type NetworkTest, parseNetwork, testFor } from './network.ts';
import type { RecordPredicate } from './view.ts';

const actionNames = Object.keys(ACTIONS) as [Action, ...Action[]];
const port = z.number().int().min(0).max(0xffff);

const network = z
  .string()
  .max(64)
  .superRefine((text, context) => {
    try {
      parseNetwork(text);
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  });

/** Every key that is given must hold; of a list one value. Nothing given: every record. */
export const rowFilterSchema = z.strictObject({
  action: z.array(z.enum(actionNames)).min(1).max(actionNames.length).optional(),
  /** IANA numbers; 255 is no IP packet. */
  protocol: z.array(z.number().int().min(0).max(255)).min(1).max(256).optional(),
  /**
   * Source or destination: an address, or a network as `192.0.2.0/24`. IPv4 never holds an IPv6 packet,
   * nor IPv6 (`::/0` for one) an IPv4 packet.
   */
  address: network.optional(),
  src_address: network.optional(),
  dst_address: network.optional(),
  /** Source or destination, of protocols that have ports. 0 is also that of a packet whose ports could not be read. */
  port: port.optional(),
  src_port: port.optional(),
  dst_port: port.optional(),
});
export type RowFilter = z.infer<typeof rowFilterSchema>;

const OFFSET = Object.fromEntries(PACKET_LOG_FIELDS.map(({ name, offset }) => [name, offset])) as Readonly<
  Record<(typeof PACKET_LOG_FIELDS)[number]['name'], number>
>;
// Module constants, so that the predicate adds a constant and not a property load.
const SRC_ADDR = OFFSET.src_addr;
const DST_ADDR = OFFSET.dst_addr;
const SRC_PORT = OFFSET.src_port;
const DST_PORT = OFFSET.dst_port;
const IP_PROTOCOL = OFFSET.ip_protocol;
const ACTION = OFFSET.action;

/** 1 for protocols with ports: what ICMP has in their place is none. */
const WITH_PORTS = Uint8Array.from({ length: 256 }, (_, number) => (hasPorts(number) ? 1 : 0));

/** @throws NetworkError, which the schema would have found. */
export function compileRowFilter(filter: RowFilter): RecordPredicate {
  const action = tableOf(filter.action?.map((name) => ACTIONS[name]));
  const protocol = tableOf(filter.protocol);
  const ports = portTest(filter);
  const addresses = addressTest(filter);
  // One function with everything in it: a closure for each condition costs several times as much.
  return (bytes, at) =>
    action[bytes[at + ACTION] as number] === 1 &&
    protocol[bytes[at + IP_PROTOCOL] as number] === 1 &&
    (ports === undefined || hasWantedPorts(ports, bytes, at)) &&
    (addresses === undefined || hasWantedAddresses(addresses, bytes, at));
}

/** 1 for what is wanted: everything if nothing is named. */
function tableOf(values: readonly number[] | undefined): Uint8Array {
  const wanted = new Uint8Array(256).fill(values === undefined ? 1 : 0);
  for (const value of values ?? []) wanted[value] = 1;
  return wanted;
}

const ANY = -1;

interface PortTest {
  readonly either: number;
  readonly source: number;
  readonly destination: number;
}

function portTest({ port = ANY, src_port = ANY, dst_port = ANY }: RowFilter): PortTest | undefined {
  const none = port === ANY && src_port === ANY && dst_port === ANY;
  return none ? undefined : { either: port, source: src_port, destination: dst_port };
}

function hasWantedPorts({ either, source, destination }: PortTest, bytes: Uint8Array, at: number): boolean {
  const from = (bytes[at + SRC_PORT] as number) | ((bytes[at + SRC_PORT + 1] as number) << 8);
  const to = (bytes[at + DST_PORT] as number) | ((bytes[at + DST_PORT + 1] as number) << 8);
  return (
    (either === ANY || either === from || either === to) &&
    (source === ANY || source === from) &&
    (destination === ANY || destination === to) &&
    WITH_PORTS[bytes[at + IP_PROTOCOL] as number] === 1
  );
}

interface AddressTest {
  readonly either: NetworkTest | undefined;
  readonly source: NetworkTest | undefined;
  readonly destination: NetworkTest | undefined;
}

function addressTest({ address, src_address, dst_address }: RowFilter): AddressTest | undefined {
  const compile = (text: string | undefined) => (text === undefined ? undefined : testFor(parseNetwork(text)));
  const test = { either: compile(address), source: compile(src_address), destination: compile(dst_address) };
  return test.either || test.source || test.destination ? test : undefined;
}

function hasWantedAddresses({ either, source, destination }: AddressTest, bytes: Uint8Array, at: number): boolean {
  return (
    (either === undefined || isInNetwork(either, bytes, at, SRC_ADDR) || isInNetwork(either, bytes, at, DST_ADDR)) &&
    (source === undefined || isInNetwork(source, bytes, at, SRC_ADDR)) &&
    (destination === undefined || isInNetwork(destination, bytes, at, DST_ADDR))
  );
}

/** The same text for filters that say the same; `''` for one that lets everything through. */
export function rowFilterKey(filter: RowFilter): string {
  const network = (text: string | undefined) => (text === undefined ? undefined : formatNetwork(parseNetwork(text)));
  const list = <T extends string | number>(values: readonly T[] | undefined) => values && [...new Set(values)].sort();
  const parts = {
    action: list(filter.action),
    protocol: list(filter.protocol),
    address: network(filter.address),
    src_address: network(filter.src_address),
    dst_address: network(filter.dst_address),
    port: filter.port,
    src_port: filter.src_port,
    dst_port: filter.dst_port,
  };
  const text = JSON.stringify(parts);
  return text === '{}' ? '' : text;
}
