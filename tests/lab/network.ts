/**
 * Two hosts with cables between them: namespaces and veth pairs that exist only for one test.
 *
 * ```
 *  client ── client0 192.0.2.1, 2001:db8::1 ═══ server0 192.0.2.2, 2001:db8::2 ── server
 *         └─ client1 198.51.100.1           ═══ server1 198.51.100.2           ─┘
 * ```
 * Only the test's packets pass: neighbours are static, ARP requests are not answered, and there is no duplicate address
 * detection, no router solicitation and no multicast membership report.
 *
 * Properties of veth: a frame from the client's stack may lack its checksum (CHECKSUM_PARTIAL) or be a segment of up to
 * 64 KiB; once a native XDP program is at the server's end, the client's end segments in software. Native XDP without
 * frags needs an MTU of at most 3498 there.
 */
import { type InterfaceCounters, interfaceCounters } from './counters.ts';
import { createNamespace, type Namespace } from './namespace.ts';
import { until } from './until.ts';

/** One end of a cable. */
export interface End {
  readonly namespace: Namespace;
  readonly device: string;
  readonly ifindex: number;
  readonly mac: string;
  readonly ipv4: string;
  /** Undefined in a network without IPv6. */
  readonly ipv6: string | undefined;
  counters(): Promise<InterfaceCounters>;
}

export interface Link {
  readonly client: End;
  readonly server: End;
}

export interface Network {
  readonly client: Namespace;
  readonly server: Namespace;
  /** The first cable. */
  readonly link: Link;
  readonly links: readonly Link[];
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface NetworkOptions {
  /** Number of cables, 1 to 3: there are only three IPv4 ranges for documentation (RFC 5737). */
  readonly links?: number;
  readonly ipv6?: boolean;
  readonly mtu?: number;
  /** `resolve`: real ARP and neighbour discovery. */
  readonly neighbours?: 'static' | 'resolve';
}

const IPV4_RANGES = ['192.0.2', '198.51.100', '203.0.113'];
const SIDES = ['client', 'server'] as const;
type Side = (typeof SIDES)[number];

interface Plan {
  readonly device: string;
  readonly mac: string;
  readonly ipv4: string;
  readonly ipv6: string | undefined;
}

function plan(side: Side, link: number, ipv6: boolean): Plan {
  const host = SIDES.indexOf(side) + 1;
  return {
    device: `${side}${link}`,
    mac: `02:00:00:00:0${link}:0${host}`,
    ipv4: `${IPV4_RANGES[link]}.${host}`,
    ipv6: ipv6 ? `2001:db8${link === 0 ? '' : `:${link}`}::${host}` : undefined,
  };
}

export async function createNetwork(options: NetworkOptions = {}): Promise<Network> {
  const { links: count = 1, ipv6 = true } = options;
  if (count < 1 || count > IPV4_RANGES.length) throw new RangeError(`links: 1 to ${IPV4_RANGES.length}, not ${count}`);
  const made: Namespace[] = [];
  const dispose = async () => {
    for (const namespace of made) await namespace.dispose();
  };
  try {
    for (const _ of SIDES) {
      const namespace = await createNamespace();
      made.push(namespace);
      await silence(namespace, ipv6);
      await namespace.ip('link set dev lo up');
    }
    const [client, server] = made as [Namespace, Namespace];
    const links: Link[] = [];
    for (let i = 0; i < count; i++) links.push(await createLink(client, server, i, { ...options, ipv6 }));
    return { client, server, link: links[0] as Link, links, dispose, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Configures interfaces that are created later: IPv6 off, or on without any packet of the kernel's own. */
function silence(namespace: Namespace, ipv6: boolean): Promise<void> {
  if (!ipv6) {
    return namespace.setSysctls({
      'net/ipv6/conf/all/disable_ipv6': 1,
      'net/ipv6/conf/default/disable_ipv6': 1,
    });
  }
  const NO_LINK_LOCAL = 1;
  return namespace.setSysctls({
    'net/ipv6/conf/default/addr_gen_mode': NO_LINK_LOCAL,
    'net/ipv6/conf/default/accept_dad': 0,
    'net/ipv6/conf/default/accept_ra': 0,
    'net/ipv6/conf/default/autoconf': 0,
    'net/ipv6/conf/default/router_solicitations': 0,
  });
}

async function createLink(
  client: Namespace,
  server: Namespace,
  number: number,
  { ipv6, mtu = 1500, neighbours = 'static' }: NetworkOptions & { ipv6: boolean },
): Promise<Link> {
  const near = plan('client', number, ipv6);
  const far = plan('server', number, ipv6);
  await client.ip(
    `link add ${near.device} address ${near.mac} mtu ${mtu} type veth ` +
      `peer name ${far.device} address ${far.mac} mtu ${mtu} netns ${server.name}`,
  );
  await client.ip(...configuration(near, far, neighbours));
  await server.ip(...configuration(far, near, neighbours));
  return { client: await waitForEnd(client, near), server: await waitForEnd(server, far) };
}

function configuration(own: Plan, other: Plan, neighbours: 'static' | 'resolve'): string[] {
  const dev = `dev ${own.device}`;
  // Without ARP the kernel does not join a solicited-node group either, so it has nothing to report to multicast
  // routers.
  const quiet = neighbours === 'static' ? 'arp off multicast off' : '';
  const lines = [`link set ${dev} ${quiet} up`, `address add ${own.ipv4}/24 ${dev}`];
  if (own.ipv6) lines.push(`address add ${own.ipv6}/64 ${dev} nodad`);
  if (neighbours === 'static') {
    for (const address of [other.ipv4, other.ipv6]) {
      if (address) lines.push(`neighbour add ${address} lladdr ${other.mac} ${dev} nud permanent`);
    }
  }
  return lines;
}

/** Waits until a device can send: before that, the kernel drops packets. Returns its ifindex. */
export async function untilUp(namespace: Namespace, device: string): Promise<number> {
  return await until(
    async () => {
      const [link] = await namespace.ipJson<{ ifindex: number; operstate: string }[]>('link', 'show', 'dev', device);
      return link?.operstate === 'UP' ? link.ifindex : undefined;
    },
    { what: `${device} in ${namespace.name} to come up` },
  );
}

async function waitForEnd(namespace: Namespace, { device, ...addresses }: Plan): Promise<End> {
  const ifindex = await untilUp(namespace, device);
  return { namespace, device, ifindex, ...addresses, counters: () => interfaceCounters(namespace, device) };
}
