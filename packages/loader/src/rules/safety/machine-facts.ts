/** Gathers what a machine needs to receive: its services, its own connections, and how it gets addresses and time. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatAddress, type PortRange, parseAddress } from '@packetlog/common';
import { localPortRange } from '../../system/local-port-range.ts';
import { ESTABLISHED, type SocketRow, socketRows } from './established-connections.ts';
import { nameServers, RESOLVER_FILES } from './protected-sources.ts';

/** A port, or an IP protocol without ports, on which this machine receives packets of any peer. */
export interface Service {
  readonly ipProtocol: number;
  /** Undefined: a raw socket receives the protocol. */
  readonly port: number | undefined;
  /** Undefined: not known. */
  readonly process: string | undefined;
}

/** A connection that this machine opened. */
export interface OwnConnection {
  readonly ipProtocol: number;
  readonly localPort: number;
  readonly addr: string;
  readonly port: number;
  readonly process: string | undefined;
}

export interface MachineFacts {
  /** Without sockets that are bound to a loopback address. May contain duplicates. */
  readonly services: readonly Service[];
  /** Without connections to loopback addresses. */
  readonly connections: readonly OwnConnection[];
  /** The ports from which the kernel chooses for its own connections. */
  readonly replyPorts: PortRange;
  /** Time servers whose addresses are known, and names of others. */
  readonly timeServers: { readonly addresses: readonly string[]; readonly names: readonly string[] };
  readonly usesDhcp: { readonly ipv4: boolean; readonly ipv6: boolean };
  /** Whether an interface other than `lo` has an IPv6 address. */
  readonly hasIpv6: boolean;
  readonly forwards: boolean;
  /** Whether all name servers in resolv.conf are processes of this machine. */
  readonly hasOnlyLocalResolvers: boolean;
}

export interface FactSources {
  /** Directory of the network tables, in the namespace of the watched interfaces. */
  readonly procNet: string;
  /** Port on which packetlog serves clients. */
  readonly servedPort: number | undefined;
  /** Returns names of processes by inode of their socket; undefined: processes cannot be looked up. */
  readonly owners: ((inodes: ReadonlySet<number>) => Promise<ReadonlyMap<number, string>>) | undefined;
  /** Prefixed to the paths of files outside `procNet`; for tests. */
  readonly root?: string;
}

interface TableRow extends SocketRow {
  readonly ipProtocol: number;
}

const [TCP, UDP] = [6, 17];
/** State of a TCP socket that listens, and of an unconnected UDP or raw socket: include/net/tcp_states.h. */
const [LISTEN, UNCONNECTED] = ['0A', '07'];
const TIME_PORT = 123;
const [DHCP_CLIENT, DHCPV6_CLIENT] = [68, 546];
/** Protocols whose raw sockets are no service of their own: ICMP, TCP, UDP, ICMPv6, and IPPROTO_RAW, which only sends. */
const NO_SERVICE: ReadonlySet<number> = new Set([0, 1, TCP, UDP, 58, 255]);

const TIME_FILES = [
  '/etc/chrony/chrony.conf',
  '/etc/chrony.conf',
  '/etc/ntp.conf',
  '/etc/ntpsec/ntp.conf',
  '/etc/systemd/timesyncd.conf',
];
const TIME_DIRECTORIES = ['/etc/chrony/sources.d', '/run/chrony-dhcp', '/etc/systemd/timesyncd.conf.d'];
/** Leases of systemd-networkd, dhclient, NetworkManager and dhcpcd. */
const LEASE_DIRECTORIES = [
  '/run/systemd/netif/leases',
  '/var/lib/dhcp',
  '/var/lib/dhclient',
  '/var/lib/NetworkManager',
  '/var/lib/dhcpcd',
];

/** Files that do not exist, or cannot be read, count as empty. */
export async function gatherFacts({ procNet, servedPort, owners, root = '' }: FactSources): Promise<MachineFacts> {
  const at = (path: string) => join(root, path);
  const table = async (name: string, ipProtocol?: number): Promise<TableRow[]> =>
    socketRows(await textOf(`${procNet}/${name}`)).map((row) => ({ ...row, ipProtocol: ipProtocol ?? row.port }));
  const tables = async (name: string, ipProtocol?: number) =>
    (await Promise.all([name, `${name}6`].map((each) => table(each, ipProtocol)))).flat();
  const [tcp, udp, raw] = await Promise.all([tables('tcp', TCP), tables('udp', UDP), tables('raw')]);

  const services = [
    ...tcp.filter(({ state }) => state === LISTEN),
    ...udp.filter(({ state }) => state === UNCONNECTED),
    ...raw.filter(({ state, ipProtocol }) => state === UNCONNECTED && !NO_SERVICE.has(ipProtocol)),
  ].filter(({ address }) => !isLoopback(address));
  const listening = new Set(tcp.filter(({ state }) => state === LISTEN).map(({ port }) => port));
  const connections = [...tcp.filter(({ port }) => !listening.has(port)), ...udp].filter(
    ({ state, peer, address }) => state === ESTABLISHED && !isLoopback(peer) && peer !== address,
  );
  const inodes = new Set([...services, ...connections].map(({ inode }) => inode));
  const names = (await owners?.(inodes)) ?? new Map<number, string>();
  const processOf = ({ ipProtocol, port, inode }: TableRow) =>
    ipProtocol === TCP && port === servedPort ? 'packetlog' : processText(names.get(inode));

  const resolvers = nameServers((await Promise.all(RESOLVER_FILES.map((path) => textOf(at(path))))).join('\n'));
  const ownPorts = (port: number) => udp.some((row) => row.port === port);
  return {
    services: services.map((row) => ({
      ipProtocol: row.ipProtocol,
      port: row.ipProtocol === TCP || row.ipProtocol === UDP ? row.port : undefined,
      process: processOf(row),
    })),
    connections: connections.map((row) => ({
      ipProtocol: row.ipProtocol,
      localPort: row.port,
      addr: canonical(row.peer),
      port: row.peerPort,
      process: processOf(row),
    })),
    replyPorts: localPortRange(at('/proc/sys/net/ipv4/ip_local_port_range')),
    timeServers: await timeServers(at, udp),
    usesDhcp: {
      ipv4: ownPorts(DHCP_CLIENT) || (await hasLease(at)) || hasDhcpSocket(await textOf(`${procNet}/packet`)),
      ipv6: ownPorts(DHCPV6_CLIENT),
    },
    hasIpv6: /^[0-9a-f]{32}(?: +\S+){4} +(?!lo\s*$)\S+\s*$/m.test(await textOf(`${procNet}/if_inet6`)),
    forwards: (
      await Promise.all(
        ['ipv4/ip_forward', 'ipv6/conf/all/forwarding'].map((path) => textOf(at(`/proc/sys/net/${path}`))),
      )
    ).some((text) => text.trim() === '1'),
    hasOnlyLocalResolvers: resolvers.length > 0 && resolvers.every(isLoopback),
  };
}

/** A name from /proc/PID/comm, which a process may choose. */
function processText(comm: string | undefined): string | undefined {
  const text = comm?.replace(/[^\x20-\x7e]/g, '?').trim();
  return text === '' ? undefined : text;
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || canonical(address) === '::1';
}

function canonical(address: string): string {
  try {
    return formatAddress(parseAddress(address));
  } catch {
    return address;
  }
}

/** Reads `server`, `pool` and `peer` of chrony and ntpd, and `NTP=` of systemd-timesyncd. */
async function timeServers(
  at: (path: string) => string,
  udp: readonly TableRow[],
): Promise<MachineFacts['timeServers']> {
  const inDirectories = (await Promise.all(TIME_DIRECTORIES.map((path) => filesIn(at(path))))).flat();
  const texts = await Promise.all([...TIME_FILES.map(at), ...inDirectories].map(textOf));
  const configured = texts.flatMap((text) => [
    ...[...text.matchAll(/^\s*(?:server|pool|peer)\s+(\S+)/gm)].map(([, name = '']) => name),
    ...[...text.matchAll(/^\s*NTP=(.*)$/gm)].flatMap(([, list = '']) => list.split(/\s+/)),
  ]);
  const connected = udp.filter(({ state, peerPort }) => state === ESTABLISHED && peerPort === TIME_PORT);
  const all = [...new Set([...configured.filter(Boolean), ...connected.map(({ peer }) => peer)].map(canonical))];
  const outside = all.filter((name) => !isLoopback(name) && !name.startsWith('#'));
  return { addresses: outside.filter(isAddress), names: outside.filter((name) => !isAddress(name)) };
}

function isAddress(text: string): boolean {
  try {
    parseAddress(text);
    return true;
  } catch {
    return false;
  }
}

async function hasLease(at: (path: string) => string): Promise<boolean> {
  const files = (await Promise.all(LEASE_DIRECTORIES.map((path) => filesIn(at(path))))).flat();
  const leases = files.filter((path) => path.includes('/leases/') || /\.leases?$/.test(path));
  return (await Promise.all(leases.map(textOf))).some((text) => text !== '');
}

/** Returns whether /proc/net/packet has a socket for IPv4 (0x0800) alone: dhclient and others receive DHCP with one. */
function hasDhcpSocket(table: string): boolean {
  return /^\S+\s+\d+\s+\d+\s+0800\s/m.test(table);
}

async function filesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.map((name) => join(directory, name));
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
