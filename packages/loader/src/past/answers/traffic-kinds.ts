/**
 * Kinds of traffic as numbers: protocol and destination port, protocol and ICMP type, or the protocol alone. There are
 * few enough to have an array element each, so a scan of all ports needs no more memory than one of a single port.
 */
import { hasPorts } from '@packetlog/common';

export interface TrafficKind {
  readonly ipProtocol: number;
  /** Undefined: the protocol has none, or the packets do not contain it. */
  readonly port: number | undefined;
  readonly icmpType: number | undefined;
}

const PROTOCOLS = 256;
const PORTS = 65_536;
const ICMP_TYPES = 256;
const ICMP: ReadonlySet<number> = new Set([1, 58]);

/** By protocol: how many details it has, besides none. */
const DETAILS = Array.from({ length: PROTOCOLS }, (_, protocol) =>
  hasPorts(protocol) ? PORTS : ICMP.has(protocol) ? ICMP_TYPES : 0,
);
/** By protocol: the number of its kind without details; those with details follow. */
const FIRST: number[] = [];
let next = 0;
for (const details of DETAILS) {
  FIRST.push(next);
  next += 1 + details;
}
/** Kinds have the numbers 0 to KIND_COUNT - 1. */
export const KIND_COUNT = next;

/** `detail`: the port, or the ICMP type; undefined: none. */
export function kindNumber(ipProtocol: number, detail: number | undefined): number {
  const first = FIRST[ipProtocol] as number;
  return detail === undefined ? first : first + 1 + detail;
}

export function kindOf(number: number): TrafficKind {
  let ipProtocol = PROTOCOLS - 1;
  while ((FIRST[ipProtocol] as number) > number) ipProtocol--;
  const detail = number - (FIRST[ipProtocol] as number) - 1;
  const has = detail >= 0;
  return {
    ipProtocol,
    port: has && hasPorts(ipProtocol) ? detail : undefined,
    icmpType: has && ICMP.has(ipProtocol) ? detail : undefined,
  };
}

/** Returns the numbers of a protocol's kinds, from the first to before the last. */
export function kindsOfProtocol(ipProtocol: number): { from: number; to: number } {
  const from = FIRST[ipProtocol] as number;
  return { from, to: from + 1 + (DETAILS[ipProtocol] as number) };
}
