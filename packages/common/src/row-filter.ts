/** Which records somebody wants to see, as data, and as a test of a record where it lies. */
import { z } from 'zod';
import { ACTIONS, type Action, PACKET_LOG_FIELDS } from './layout.ts';
import { hasPorts } from './names.ts';
import { formatNetwork, inNetwork, NetworkError, parseNetwork } from './network.ts';

/**
 * Whether the record that begins at byte `at` of `bytes` is wanted. It allocates nothing, keeps nothing, and may be
 * asked for any record: whatever a filter is written in, this is what it is compiled to.
 */
export type RecordPredicate = (bytes: Uint8Array, at: number) => boolean;

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
const SRC_PORT = OFFSET.src_port;
const DST_PORT = OFFSET.dst_port;
const IP_PROTOCOL = OFFSET.ip_protocol;

/** 1 for protocols with ports: what ICMP has in their place is none. */
const WITH_PORTS = Uint8Array.from({ length: 256 }, (_, number) => (hasPorts(number) ? 1 : 0));

/** @throws NetworkError, which the schema would have found. */
export function compileRowFilter(filter: RowFilter): RecordPredicate {
  const { action, protocol, address, src_address, dst_address } = filter;
  const tests: RecordPredicate[] = [];
  if (action !== undefined) {
    const numbers = action.map((name) => ACTIONS[name]);
    tests.push(oneOf(OFFSET.action, numbers));
  }
  if (protocol !== undefined) tests.push(oneOf(IP_PROTOCOL, protocol));
  if (filter.port !== undefined) tests.push(eitherPort(filter.port));
  if (filter.src_port !== undefined) tests.push(onePort(SRC_PORT, filter.src_port));
  if (filter.dst_port !== undefined) tests.push(onePort(DST_PORT, filter.dst_port));
  if (address !== undefined) {
    const either = parseNetwork(address);
    const [source, destination] = [inNetwork(either, 'src_addr'), inNetwork(either, 'dst_addr')];
    tests.push((bytes, at) => source(bytes, at) || destination(bytes, at));
  }
  if (src_address !== undefined) tests.push(inNetwork(parseNetwork(src_address), 'src_addr'));
  if (dst_address !== undefined) tests.push(inNetwork(parseNetwork(dst_address), 'dst_addr'));
  return tests.length === 0 ? () => true : tests.reduceRight((rest, first) => both(first, rest));
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

const both =
  (first: RecordPredicate, rest: RecordPredicate): RecordPredicate =>
  (bytes, at) =>
    first(bytes, at) && rest(bytes, at);

function oneOf(offset: number, values: readonly number[]): RecordPredicate {
  const wanted = new Uint8Array(256);
  for (const value of values) wanted[value] = 1;
  return (bytes, at) => wanted[bytes[at + offset] as number] === 1;
}

function onePort(offset: number, value: number): RecordPredicate {
  const [low, high] = [value & 0xff, value >> 8];
  return (bytes, at) =>
    bytes[at + offset] === low &&
    bytes[at + offset + 1] === high &&
    WITH_PORTS[bytes[at + IP_PROTOCOL] as number] === 1;
}

function eitherPort(value: number): RecordPredicate {
  const [source, destination] = [onePort(SRC_PORT, value), onePort(DST_PORT, value)];
  return (bytes, at) => source(bytes, at) || destination(bytes, at);
}
