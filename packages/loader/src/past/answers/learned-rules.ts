/** Rules that deny the kinds of traffic that only one set of sources sent. */
import {
  type CheckedRuleDraft,
  formatIpProtocol,
  formatPortRange,
  hasPorts,
  IP_PROTOCOL_NONE,
  parsePortRange,
  protocolName,
} from '@packetlog/common';
import { kindNumber, kindsOfProtocol } from './traffic-kinds.ts';

/** By kind, see traffic-kinds.ts. */
export interface KindSums {
  readonly packets: Float64Array;
  readonly bytes: Float64Array;
  readonly otherPackets: Float64Array;
}

export interface KindRule {
  readonly rule: CheckedRuleDraft;
  readonly packets: number;
  readonly bytes: number;
  readonly kinds: number;
  /** Ports without packets that the rule denies as well. */
  readonly unusedPorts: number;
}

const PROTOCOLS = 256;
/** Linux uses ports from this one on for connections that the machine opens (`net.ipv4.ip_local_port_range`). */
const FIRST_LOCAL_PORT = 32_768;

/** Ports of a protocol, from `from` to `to`: packets of the set were sent to some of them, and none of others to any. */
interface Run {
  readonly ipProtocol: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Returns at most `maxRules` rules, the most packets first, that deny no packet of others. Adjacent ports share a rule;
 * if that is not enough, rules are joined over ports without packets, the fewest first, but never over local ports. Of
 * rules that are still too many, those with the most packets are returned.
 */
export function rulesByKind(sums: KindSums, maxRules: number, reason: string): KindRule[] {
  const found = Array.from({ length: PROTOCOLS }, (_, protocol) => protocol).filter(
    (each) => each !== IP_PROTOCOL_NONE,
  );
  const whole = found.flatMap((protocol) => (hasPorts(protocol) ? [] : wholeProtocol(sums, protocol, reason)));
  const runs = found.flatMap((protocol) => (hasPorts(protocol) ? runsOf(sums, protocol) : []));
  const joined = joinRuns(sums, runs, Math.max(0, maxRules - whole.length));
  const rules = [...whole, ...joined.map((run) => ruleOfRun(sums, run, reason))];
  return rules.sort((one, other) => other.packets - one.packets).slice(0, maxRules);
}

/** A port on which this machine listens. */
export interface Service {
  readonly ipProtocol: number;
  readonly port: number;
}

/** Sentences about what else the rules deny. */
export function warningsOf(rules: readonly KindRule[], services: readonly Service[]): string[] {
  const denied = services.filter(({ ipProtocol, port }) =>
    rules.some(({ rule }) => rule.protocol === formatIpProtocol(ipProtocol) && hasPort(rule, port)),
  );
  const unused = rules.reduce((sum, { unusedPorts }) => sum + unusedPorts, 0);
  const hasLocal = rules.some(({ rule: { destination_port } }) => lastPort(destination_port) >= FIRST_LOCAL_PORT);
  const hasIcmp = rules.some(({ rule: { protocol } }) => protocol === 'icmp' || protocol === 'icmpv6');
  return [
    ...(denied.length > 0
      ? [
          `This machine listens on ${servicesText(denied)}: the rules deny all clients of ${denied.length === 1 ? 'this service' : 'these services'}, also later ones.`,
        ]
      : []),
    ...(unused > 0
      ? [
          `The ranges contain ${unused === 1 ? 'one port' : `${unused.toLocaleString('en-US')} ports`} to which no packet was sent; the rules deny ${unused === 1 ? 'it' : 'them'}, too.`,
        ]
      : []),
    ...(hasLocal
      ? [
          `Ports from ${FIRST_LOCAL_PORT} on are also those of connections that this machine opens: the rules deny the replies to them.`,
        ]
      : []),
    ...(hasIcmp
      ? [
          'Rules cannot match an ICMP type: they deny errors that connections need, too, such as for path MTU discovery.',
        ]
      : []),
  ];
}

/** A protocol without ports can only be denied as a whole. */
function wholeProtocol(sums: KindSums, ipProtocol: number, reason: string): KindRule[] {
  const { from, to } = kindsOfProtocol(ipProtocol);
  const amounts = { packets: 0, bytes: 0, kinds: 0 };
  for (let kind = from; kind < to; kind++) {
    if (sums.otherPackets[kind] !== 0) return [];
    addKind(amounts, sums, kind);
  }
  if (amounts.kinds === 0) return [];
  const rule: CheckedRuleDraft = { action: 'deny', source: 'any', protocol: formatIpProtocol(ipProtocol), reason };
  return [{ rule, ...amounts, unusedPorts: 0 }];
}

/** Returns the longest ranges of ports that only the set sent to. */
function runsOf(sums: KindSums, ipProtocol: number): Run[] {
  const { to: end } = kindsOfProtocol(ipProtocol);
  const portZero = kindNumber(ipProtocol, 0);
  const runs: Run[] = [];
  let begin: number | undefined;
  for (let kind = portZero; kind <= end; kind++) {
    const isOnly = kind < end && isOnlyOfSet(sums, kind);
    if (isOnly) begin ??= kind;
    else if (begin !== undefined) {
      runs.push({ ipProtocol, from: begin - portZero, to: kind - 1 - portZero });
      begin = undefined;
    }
  }
  return runs;
}

function isOnlyOfSet({ packets, otherPackets }: KindSums, kind: number): boolean {
  return (packets[kind] as number) > 0 && otherPackets[kind] === 0;
}

/** Joins runs until there are at most `max`, as far as that is possible. */
function joinRuns(sums: KindSums, runs: readonly Run[], max: number): Run[] {
  if (runs.length <= max) return [...runs];
  const gaps = runs
    .map((run, i) => ({ i, size: gapBetween(sums, runs[i - 1], run) }))
    .filter((gap): gap is { i: number; size: number } => gap.size !== undefined)
    .sort((one, other) => one.size - other.size || one.i - other.i);
  const closed = new Set(gaps.slice(0, runs.length - max).map(({ i }) => i));
  const joined: Run[] = [];
  for (const [i, run] of runs.entries()) {
    const last = joined.at(-1);
    if (closed.has(i) && last !== undefined) joined[joined.length - 1] = { ...last, to: run.to };
    else joined.push(run);
  }
  return joined;
}

/** Returns the number of ports between two runs; undefined if they cannot be joined. */
function gapBetween({ otherPackets }: KindSums, one: Run | undefined, { ipProtocol, from }: Run): number | undefined {
  if (one?.ipProtocol !== ipProtocol || from > FIRST_LOCAL_PORT) return undefined;
  for (let port = one.to + 1; port < from; port++) {
    if (otherPackets[kindNumber(ipProtocol, port)] !== 0) return undefined;
  }
  return from - one.to - 1;
}

function ruleOfRun(sums: KindSums, { ipProtocol, from, to }: Run, reason: string): KindRule {
  const amounts = { packets: 0, bytes: 0, kinds: 0 };
  for (let port = from; port <= to; port++) addKind(amounts, sums, kindNumber(ipProtocol, port));
  const rule: CheckedRuleDraft = {
    action: 'deny',
    source: 'any',
    protocol: formatIpProtocol(ipProtocol),
    destination_port: formatPortRange({ from, to }),
    reason,
  };
  return { rule, ...amounts, unusedPorts: to - from + 1 - amounts.kinds };
}

function addKind(amounts: { packets: number; bytes: number; kinds: number }, sums: KindSums, kind: number): void {
  const packets = sums.packets[kind] as number;
  if (packets === 0) return;
  amounts.packets += packets;
  amounts.bytes += sums.bytes[kind] as number;
  amounts.kinds++;
}

const MAX_NAMED = 5;

function servicesText(services: readonly Service[]): string {
  const named = services.slice(0, MAX_NAMED).map(({ ipProtocol, port }) => `${protocolName(ipProtocol)} ${port}`);
  const more = services.length - named.length;
  return more === 0 ? named.join(', ') : `${named.join(', ')} and ${more} more`;
}

function hasPort({ destination_port }: CheckedRuleDraft, port: number): boolean {
  if (destination_port === undefined) return false;
  const { from, to } = parsePortRange(destination_port);
  return port >= from && port <= to;
}

function lastPort(ports: number | string | undefined): number {
  return ports === undefined ? 0 : Number(String(ports).split('-').at(-1));
}
