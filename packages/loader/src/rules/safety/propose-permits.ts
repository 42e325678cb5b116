/**
 * Proposes the permit rules that the default policy deny needs. The program sees incoming packets only and keeps no
 * connection state, so replies to connections of this machine need a rule as well. Pure.
 */
import {
  formatIpProtocol,
  formatPortRange,
  type OwnPeer,
  type PermitProposals,
  type ProposedPermit,
  protocolName,
  serviceName,
  type WideListener,
} from '@packetlog/common';
import type { Ruleset } from '../ruleset/ruleset.ts';
import type { MachineFacts, OwnConnection, Service } from './machine-facts.ts';
import { type Match, PermitCover } from './permit-cover.ts';
import { factWarnings, overriddenWarning, POLICY_WARNING, unproposedWarning } from './permit-warnings.ts';
import type { Protected } from './protected-sources.ts';
import { mergedServices, type ServicePorts } from './service-ports.ts';

const UDP = 17;
/** Rules for services: an operator reads each of them. */
const MAX_SERVICES = 40;
const MAX_TIME_SERVERS = 20;
const MAX_EXAMPLES = 10;
const MAX_WIDE_LISTENERS = 50;
const MAX_PROCESSES = 3;

export interface Needs {
  readonly facts: MachineFacts;
  /** The addresses that the lockout guard protects now: the rules permit what they send. */
  readonly protectedNow: readonly Protected[];
  readonly ruleset: Ruleset;
  /** Returns whether a permit rule in force matches a packet. */
  readonly permitsNow: (packet: { source: string; ipProtocol: number; destinationPort: number }) => boolean;
  /** Names of the watched interfaces; empty: not known, and rules for one interface do not count. */
  readonly interfaces: readonly string[];
  readonly nowMs: number;
}

type Wanted = Match & { readonly why: string };

export function proposePermits(needs: Needs): PermitProposals {
  const { facts, protectedNow, ruleset, interfaces, nowMs } = needs;
  const cover = new PermitCover(ruleset.sets, interfaces);
  // What a rule with an expiry permits would be denied when it expires.
  for (const rule of ruleset.rules) if (rule.action === 'permit' && rule.expires_at === undefined) cover.add(rule);
  const rules: ProposedPermit[] = [];
  const propose = ({ why, ...match }: Wanted, is_wide = false) => {
    cover.add(match);
    rules.push({ rule: { action: 'permit', ...match, reason: why }, is_wide });
  };
  const isMissing = (match: Match) => !cover.has(match);
  const proposeMissing = (wanted: readonly Wanted[]) => {
    for (const each of wanted) if (isMissing(each)) propose(each);
  };

  const [uncertain, certain] = partition(facts.services, (each) => isUncertain(each, facts));
  const services = mergedServices(certain).map(serviceRule).filter(isMissing);
  const replies = formatPortRange(facts.replyPorts);
  for (const each of services.slice(0, MAX_SERVICES)) propose(each);
  proposeMissing(protectedNow.flatMap((each) => protectedRules(each, replies)));
  proposeMissing([ICMP_RULE, ...(facts.hasIpv6 ? [ICMPV6_RULE] : []), ...dhcpRules(facts, protectedNow)]);
  proposeMissing(facts.timeServers.addresses.slice(0, MAX_TIME_SERVERS).map((source) => timeRule(source, replies)));

  const stopping = stoppingConnections(needs, rules);
  const notWide = [...rules];
  const unclear = mergedServices(uncertain).map(serviceRule).filter(isMissing);
  const wide: Wanted = { source: 'any', destination_port: replies, why: wideReason(replies) };
  const isWideMissing = isMissing(wide);
  if (isWideMissing) propose(wide, true);
  return {
    warnings: [
      POLICY_WARNING,
      ...overriddenWarning(ruleset.rules, notWide, nowMs),
      ...factWarnings(facts, isWideMissing),
      ...unproposedWarning(
        'No rule is proposed for UDP ports that may belong to clients; if one is a service, add a permit rule for it',
        unclear,
      ),
      ...unproposedWarning(`More services listen than the ${MAX_SERVICES} proposed`, services.slice(MAX_SERVICES)),
    ],
    rules,
    wide_listeners: isWideMissing ? wideListeners(facts) : [],
    stopping: { total: stopping.length, examples: examplesOf(stopping) },
  };
}

/** Returns the connections whose replies neither a rule in force nor a proposed one permits. */
function stoppingConnections(
  { facts, ruleset, interfaces, permitsNow }: Needs,
  proposed: readonly ProposedPermit[],
): OwnConnection[] {
  const cover = new PermitCover(ruleset.sets, interfaces);
  for (const { rule } of proposed) cover.add(rule as Match);
  return facts.connections.filter(({ addr: source, ipProtocol, localPort: destinationPort }) => {
    const match = { source, protocol: formatIpProtocol(ipProtocol), destination_port: destinationPort };
    return !permitsNow({ source, ipProtocol, destinationPort }) && !cover.has(match);
  });
}

function partition<T>(values: readonly T[], isFirst: (value: T) => boolean): [T[], T[]] {
  return [values.filter(isFirst), values.filter((value) => !isFirst(value))];
}

const ICMP_RULE: Wanted = { source: 'any', protocol: 'icmp', why: 'ICMP: path MTU, unreachable hosts, ping' };
const ICMPV6_RULE: Wanted = {
  source: 'any',
  protocol: 'icmpv6',
  why: 'ICMPv6: neighbour discovery and router advertisements, without which IPv6 stops; path MTU',
};

/**
 * A UDP socket that is not connected may belong to a client if its port is one of those that the kernel chooses: it
 * counts as a service if the port is a known one, such as that of WireGuard.
 */
function isUncertain({ ipProtocol, port }: Service, { replyPorts: { from, to } }: MachineFacts): boolean {
  if (ipProtocol !== UDP || port === undefined || port < from || port > to) return false;
  return serviceName(UDP, port) === undefined;
}

function serviceRule({ ipProtocol, ports, processes }: ServicePorts): Wanted {
  const name = protocolName(ipProtocol);
  const more = processes.length - MAX_PROCESSES;
  const named = processes.slice(0, MAX_PROCESSES).join(', ');
  const who = processes.length === 0 ? 'A process' : `${named}${more > 0 ? ` and ${more} more` : ''}`;
  const s = processes.length > 1 ? '' : 's';
  const rule = { source: 'any', protocol: formatIpProtocol(ipProtocol) };
  if (ports === undefined) return { ...rule, why: `${who} receive${s} ${name}` };
  const range = formatPortRange(ports);
  return { ...rule, destination_port: range, why: `${who} listen${s} on ${name} ${range}` };
}

/** Returns rules for all that the lockout guard wants from the address, except ICMP and DHCP. */
function protectedRules({ kind, address, ports }: Protected, replies: number | string): Wanted[] {
  switch (kind) {
    case 'operator':
    case 'ssh_peer':
      return ports.map((port) => ({
        source: address,
        protocol: 'tcp',
        destination_port: port,
        why: `${kind === 'operator' ? 'An operator' : 'An SSH session'} at ${address}, to TCP ${port}`,
      }));
    case 'dns':
      return [{ source: address, destination_port: replies, why: `Answers of the name server ${address}` }];
    case 'protect':
      return [{ source: address, why: 'On the list of protected addresses' }];
    case 'gateway':
      return [];
  }
}

/** Without a known DHCP client, the lockout guard still wants DHCP from the gateways. */
function dhcpRules({ usesDhcp }: MachineFacts, protectedNow: readonly Protected[]): Wanted[] {
  const gateways = protectedNow.filter(({ kind }) => kind === 'gateway').map(({ address }) => address);
  return [
    { name: 'DHCP', isUsed: usesDhcp.ipv4, port: 68, from: gateways.filter((address) => !address.includes(':')) },
    { name: 'DHCPv6', isUsed: usesDhcp.ipv6, port: 546, from: gateways.filter((address) => address.includes(':')) },
  ].flatMap(({ name, isUsed, port, from }) =>
    isUsed
      ? [dhcpRule('any', port, `${name}: answers to this machine’s client`)]
      : from.map((address) => dhcpRule(address, port, `${name}: answers of the default gateway ${address}`)),
  );
}

function dhcpRule(source: string, port: number, why: string): Wanted {
  return { source, protocol: 'udp', destination_port: port, why };
}

function timeRule(source: string, replies: number | string): Wanted {
  return { source, protocol: 'udp', destination_port: replies, why: `Answers of the time server ${source}` };
}

function wideReason(ports: number | string): string {
  return `Replies to connections that this machine opens, from ports ${ports}; also permits new connections to these ports`;
}

function examplesOf(connections: readonly OwnConnection[]): OwnPeer[] {
  const peers = connections.map(({ ipProtocol, addr, port, process }): OwnPeer => {
    return { ip_protocol: ipProtocol, addr, port, ...(process !== undefined && { process }) };
  });
  return [...new Map(peers.map((peer) => [JSON.stringify(peer), peer])).values()].slice(0, MAX_EXAMPLES);
}

function wideListeners({ services, replyPorts: { from, to } }: MachineFacts): WideListener[] {
  return mergedServices(services.filter(({ port = -1 }) => port >= from && port <= to))
    .flatMap(({ ipProtocol, ports, processes: [process] }): WideListener[] => {
      if (ports === undefined) return [];
      const count = ports.to - ports.from + 1;
      return Array.from({ length: count }, (_, i) => ({
        ip_protocol: ipProtocol,
        port: ports.from + i,
        ...(process !== undefined && { process }),
      }));
    })
    .slice(0, MAX_WIDE_LISTENERS);
}
