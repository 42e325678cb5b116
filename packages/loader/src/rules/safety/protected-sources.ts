/** Gathers the addresses that must not be locked out, from the current state of the machine. */
import { existsSync, readFileSync } from 'node:fs';
import { formatAddress, type ProtectedAddress, parseAddress } from '@packetlog/common';
import { localPortRange } from '../../system/local-port-range.ts';
import { type Connection, establishedConnections, ipv4Gateways, ipv6Gateways } from './established-connections.ts';

/** A protected address and the ports it uses. */
export interface Protected extends ProtectedAddress {
  /**
   * Destination ports that must stay open to it: of TCP for `operator` and `ssh_peer`; of TCP and UDP for `dns`, the
   * first and last to which it replies and one between them. Otherwise empty.
   */
  readonly ports: readonly number[];
  /** Addresses of this machine to which it is connected; absent: not known. */
  readonly to?: readonly string[];
}

export interface ProtectedSources {
  /** Directory of the network tables, in the namespace of the watched interfaces. */
  readonly procNet: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Addresses of connected clients that may change rules. */
  readonly operators: readonly string[];
  /** Port to which those clients are connected. */
  readonly servedPort: number | undefined;
  /** Addresses and networks of the rules file and of `--protect`. */
  readonly protect: readonly string[];
  readonly resolverFiles?: readonly string[];
  readonly sshConfig?: string;
  readonly portRangeFile?: string;
}

/** The second file has the actual name servers if the first one has the stub of systemd-resolved. */
export const RESOLVER_FILES = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];
const SSH_CONFIG = '/etc/ssh/sshd_config';
const SSH_PORT = 22;

export function gatherProtected(sources: ProtectedSources): Protected[] {
  const { procNet, environment, resolverFiles = RESOLVER_FILES, sshConfig = SSH_CONFIG, portRangeFile } = sources;
  const read = (name: string) => textOf(`${procNet}/${name}`);
  const [client, , , serverPort] = (environment['SSH_CONNECTION'] ?? '').split(' ');
  const sshPorts = unique([SSH_PORT, ...configuredSshPorts(textOf(sshConfig)), Number(serverPort)].filter(Boolean));
  const operatorPorts = unique([...sshPorts, ...(sources.servedPort === undefined ? [] : [sources.servedPort])]);
  const connections = [...establishedConnections(read('tcp')), ...establishedConnections(read('tcp6'))];
  const peers = connections.filter(({ localPort }) => sshPorts.includes(localPort));
  const local = localAddresses(connections, operatorPorts);
  const { from, to } = localPortRange(portRangeFile);
  const replyPorts = [from, (from + to) >>> 1, to];
  const found: Protected[] = [
    ...[...sources.operators, ...(client ? [client] : [])].map((address) =>
      entry('operator', address, operatorPorts, local),
    ),
    ...peers.map(({ peer, localPort }) => entry('ssh_peer', peer, [localPort], local)),
    ...[...ipv4Gateways(read('route')), ...ipv6Gateways(read('ipv6_route'))].map((each) => entry('gateway', each, [])),
    ...resolverFiles.flatMap((path) => nameServers(textOf(path))).map((address) => entry('dns', address, replyPorts)),
  ].flatMap((each) => each ?? []);
  const listed = sources.protect.map((address): Protected => ({ kind: 'protect', address, ports: [] }));
  return [
    ...new Map([...found, ...listed].map((each) => [`${each.kind} ${each.address} ${each.ports}`, each])).values(),
  ];
}

/** Returns undefined for text that is not an address, and for loopback addresses, whose packets arrive on `lo`. */
function entry(
  kind: ProtectedAddress['kind'],
  text: string,
  ports: readonly number[],
  toByPeer: ReadonlyMap<string, readonly string[]> = new Map(),
): Protected | undefined {
  try {
    const address = formatAddress(parseAddress(text.replace(/%.*$/, '')));
    const to = toByPeer.get(address);
    return address === '::1' || address.startsWith('127.') ? undefined : { kind, address, ports, ...(to && { to }) };
  } catch {
    return undefined;
  }
}

/** Returns the addresses of this machine with connections at one of the ports, by the peer of the connections. */
function localAddresses(connections: readonly Connection[], ports: readonly number[]): Map<string, readonly string[]> {
  const byPeer = new Map<string, readonly string[]>();
  for (const { local, localPort, peer } of connections) {
    if (!ports.includes(localPort)) continue;
    const [from, to] = [peer, local].map((text) => formatAddress(parseAddress(text))) as [string, string];
    byPeer.set(from, unique([...(byPeer.get(from) ?? []), to]));
  }
  return byPeer;
}

export function nameServers(text: string): string[] {
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, address = '']) => address);
}

function configuredSshPorts(text: string): number[] {
  return [...text.matchAll(/^\s*port\s+(\d+)/gim)].map(([, port]) => Number(port));
}

function textOf(path: string): string {
  try {
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
