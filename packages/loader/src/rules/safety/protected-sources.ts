/** Gathers the addresses that must not be locked out from the machine as it is at this moment. */
import { existsSync, readFileSync } from 'node:fs';
import { formatAddress, type ProtectedAddress, parseAddress } from '@packetlog/common';
import { establishedConnections, ipv4Gateways, ipv6Gateways } from './established-connections.ts';

/** One who is protected, and where its packets go. */
export interface Protected extends ProtectedAddress {
  /** Destination ports of TCP that must stay open to it; for `operator` and `ssh_peer`. */
  readonly ports: readonly number[];
}

export interface ProtectedSources {
  /** The directory of network tables: of the namespace that is watched. */
  readonly procNet: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Addresses of connected clients that may change rules. */
  readonly operators: readonly string[];
  /** Where those are connected. */
  readonly servedPort: number | undefined;
  /** Addresses and networks of the rules file and of `--protect`. */
  readonly protect: readonly string[];
  readonly resolverFiles?: readonly string[];
  readonly sshConfig?: string;
}

/** The second holds the real ones where systemd's stub is in the first. */
const RESOLVER_FILES = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];
const SSH_CONFIG = '/etc/ssh/sshd_config';
const SSH_PORT = 22;

export function gatherProtected(sources: ProtectedSources): Protected[] {
  const { procNet, environment, resolverFiles = RESOLVER_FILES, sshConfig = SSH_CONFIG } = sources;
  const read = (name: string) => textOf(`${procNet}/${name}`);
  const [client, , , serverPort] = (environment['SSH_CONNECTION'] ?? '').split(' ');
  const sshPorts = unique([SSH_PORT, ...configuredSshPorts(textOf(sshConfig)), Number(serverPort)].filter(Boolean));
  const operatorPorts = unique([...sshPorts, ...(sources.servedPort === undefined ? [] : [sources.servedPort])]);
  const peers = [...establishedConnections(read('tcp')), ...establishedConnections(read('tcp6'))].filter(
    ({ localPort }) => sshPorts.includes(localPort),
  );
  const found: Protected[] = [
    ...[...sources.operators, ...(client ? [client] : [])].map((address) => entry('operator', address, operatorPorts)),
    ...peers.map(({ peer, localPort }) => entry('ssh_peer', peer, [localPort])),
    ...[...ipv4Gateways(read('route')), ...ipv6Gateways(read('ipv6_route'))].map((each) => entry('gateway', each, [])),
    ...resolverFiles.flatMap((path) => nameServers(textOf(path))).map((address) => entry('dns', address, [])),
  ].flatMap((each) => each ?? []);
  const asked = sources.protect.map((address): Protected => ({ kind: 'protect', address, ports: [] }));
  return [
    ...new Map([...found, ...asked].map((each) => [`${each.kind} ${each.address} ${each.ports}`, each])).values(),
  ];
}

/** Undefined for what is no address, and for this machine itself, whose packets come over `lo`. */
function entry(kind: ProtectedAddress['kind'], text: string, ports: readonly number[]): Protected | undefined {
  try {
    const address = formatAddress(parseAddress(text.replace(/%.*$/, '')));
    return address === '::1' || address.startsWith('127.') ? undefined : { kind, address, ports };
  } catch {
    return undefined;
  }
}

function nameServers(text: string): string[] {
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
