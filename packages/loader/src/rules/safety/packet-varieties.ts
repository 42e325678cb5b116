/**
 * Varies the packets of a service in what conditions of rules tell apart: TCP flags, length, destination. Only packets
 * that a connection needs: no rule that denies scans or later fragments locks anybody out.
 */
import { type Network, parseDestination, parseLengthRange, type Rule } from '@packetlog/common';
import type { ConditionFacts } from '../evaluator/rule-image.ts';
import { words } from '../lists/network-words.ts';

/** What the conditions of rules compare. */
export interface Distinctions {
  readonly hasFlags: boolean;
  /** At and beside the ends of their ranges. */
  readonly lengths: readonly number[];
  readonly destinations: readonly Network[];
}

/** The packets that a service needs. */
export interface Needed {
  readonly family: Network['family'];
  readonly ipProtocol: number;
  /** Whether they answer a connection of this machine. */
  readonly isReply: boolean;
  /** Bytes of the longest frame. */
  readonly maxLength: number;
  /** Where they are sent to; empty: not known. */
  readonly to: readonly Network[];
}

/** The longest frame of a connection: a network card, or the kernel, joins segments to as much (GRO). */
export const LONGEST = 0xffff;
/** Name servers send no longer answers by UDP (1,232 bytes, DNS flag day 2020), and routers no longer ICMP errors. */
export const LONGEST_ANSWER = 1300;

const TCP = 6;
const [SYN, ACK, PSH] = [0x02, 0x10, 0x08];
/** Bytes of a frame with the shortest headers, and of one that opens a connection with the longest options. */
const SHORTEST = 42;
const LONGEST_OPENING = 14 + 40 + 60;
const USUAL = 74;

export function distinctionsOf(rules: readonly Rule[]): Distinctions {
  const lengths = rules.flatMap(({ length }) => {
    if (length === undefined) return [];
    const { from, to } = parseLengthRange(length);
    return [from - 1, from, to, to + 1];
  });
  const destinations = new Set(rules.flatMap(({ destination }) => destination ?? []));
  return {
    hasFlags: rules.some(({ tcp_flags }) => tcp_flags !== undefined),
    lengths: [...new Set(lengths)],
    destinations: [...destinations].map((text) => parseDestination(text)),
  };
}

/** Returns at least one packet. */
export function varieties(needed: Needed, distinctions: Distinctions): ConditionFacts[] {
  return destinationsOf(needed, distinctions).flatMap((destination) =>
    flagsOf(needed, distinctions).flatMap((tcpFlags) => {
      const longest = tcpFlags !== undefined && (tcpFlags & SYN) !== 0 ? LONGEST_OPENING : needed.maxLength;
      const special = distinctions.lengths.filter((length) => length >= SHORTEST && length <= longest);
      return [USUAL, ...special].map((length) => ({ destination, tcpFlags, length, isFragment: false }));
    }),
  );
}

function flagsOf({ ipProtocol, isReply }: Needed, { hasFlags }: Distinctions): (number | undefined)[] {
  if (ipProtocol !== TCP) return [undefined];
  const opening = isReply ? SYN | ACK : SYN;
  return hasFlags ? [opening, ACK, PSH | ACK] : [ACK];
}

/** Where the packets may be sent to: without knowledge, to what rules name, and to another address. */
function destinationsOf({ to, family }: Needed, { destinations }: Distinctions): (number[] | undefined)[] {
  if (destinations.length === 0) return [undefined];
  const ofFamily = (networks: readonly Network[]) => networks.filter((each) => each.family === family).map(words);
  return to.length > 0 ? ofFamily(to) : [undefined, ...ofFamily(destinations)];
}
