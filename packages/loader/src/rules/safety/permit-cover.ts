/** Tells which packets a set of permit rules permits as a whole. */
import {
  hasPacketCondition,
  type Network,
  type PacketCondition,
  type PortRange,
  parseIpProtocol,
  parseNetwork,
  parsePortRange,
  parseRuleSource,
  type Rule,
} from '@packetlog/common';
import type { AddressList } from '../lists/address-list.ts';
import { prefixLength, startsWith, words } from '../lists/network-words.ts';
import type { NamedSet } from '../ruleset/ruleset.ts';

export type Match = Pick<Rule, 'source'> & Partial<Pick<Rule, 'protocol' | 'destination_port'>>;

/** Protocol and ports; undefined: all. */
interface Service {
  readonly protocol: number | undefined;
  readonly ports: PortRange | undefined;
}

interface Permit extends Service {
  readonly interface: string | undefined;
  /** Undefined: any source. */
  readonly source: Network | AddressList | undefined;
}

const EVERYTHING: readonly Network[] = ['0.0.0.0/0', '::/0'].map((text) => parseNetwork(text));

export class PermitCover {
  readonly #sets: ReadonlyMap<string, Pick<NamedSet, 'list'>>;
  readonly #interfaces: readonly (string | undefined)[];
  readonly #permits: Permit[] = [];

  /** `interfaces`: where packets arrive; empty: not known, so rules for one interface permit nothing as a whole. */
  constructor(sets: ReadonlyMap<string, Pick<NamedSet, 'list'>>, interfaces: readonly string[]) {
    this.#sets = sets;
    this.#interfaces = interfaces.length > 0 ? interfaces : [undefined];
  }

  /** Adds a rule that permits. One with a condition, such as TCP flags, permits nothing as a whole. */
  add(rule: Match & PacketCondition & Partial<Pick<Rule, 'interface'>>): void {
    if (hasPacketCondition(rule)) return;
    const source = permitSource(rule, this.#sets);
    if (source === undefined && rule.source !== 'any') return;
    this.#permits.push({ ...serviceOf(rule), interface: rule.interface, source });
  }

  /** Returns whether one rule for each family and interface permits all that `match` does, which names no set. */
  has(match: Match): boolean {
    const service = serviceOf(match);
    const candidates = this.#permits.filter((permit) => includesService(permit, service));
    return networksOf(match).every((network) =>
      this.#interfaces.every((name) =>
        candidates.some(
          (permit) =>
            (permit.interface === undefined || permit.interface === name) && includesSource(permit.source, network),
        ),
      ),
    );
  }
}

/** Returns the networks of a rule's source; undefined: any, or a set that does not exist. */
export function permitSource(
  { source: text }: Pick<Rule, 'source'>,
  sets: ReadonlyMap<string, Pick<NamedSet, 'list'>>,
): Network | AddressList | undefined {
  const source = parseRuleSource(text);
  if (source.kind === 'set') return sets.get(source.name)?.list;
  return source.kind === 'network' ? source.network : undefined;
}

/** Returns whether both can match the same packet, whatever their sources. */
export function sharesService(one: Match, other: Match): boolean {
  const [mine, theirs] = [serviceOf(one), serviceOf(other)];
  const isProtocol = [mine.protocol, theirs.protocol].includes(undefined) || mine.protocol === theirs.protocol;
  if (!isProtocol) return false;
  if (mine.ports === undefined || theirs.ports === undefined) return true;
  return mine.ports.from <= theirs.ports.to && theirs.ports.from <= mine.ports.to;
}

function serviceOf({ protocol, destination_port }: Match): Service {
  return {
    protocol: protocol === undefined ? undefined : parseIpProtocol(protocol),
    ports: destination_port === undefined ? undefined : parsePortRange(destination_port),
  };
}

function includesService(wide: Service, narrow: Service): boolean {
  if (wide.protocol !== undefined && wide.protocol !== narrow.protocol) return false;
  if (wide.ports === undefined) return true;
  return narrow.ports !== undefined && wide.ports.from <= narrow.ports.from && narrow.ports.to <= wide.ports.to;
}

function networksOf({ source: text }: Match): readonly Network[] {
  const source = parseRuleSource(text);
  return source.kind === 'network' ? [source.network] : EVERYTHING;
}

/** Returns whether `source` (undefined: any) includes the whole network. */
export function includesSource(source: Network | AddressList | undefined, network: Network): boolean {
  if (source === undefined) return true;
  if ('ipv4' in source) return listIncludes(source, network);
  const isWider = source.family === network.family && source.bits <= network.bits;
  return isWider && startsWith(words(network), words(source), 0, prefixLength(source));
}

function listIncludes({ ipv4, ipv6 }: AddressList, network: Network): boolean {
  const wanted = words(network);
  const { entries, bits } =
    network.family === 4 ? { entries: ipv4.starts, bits: ipv4.bits } : { entries: ipv6.words, bits: ipv6.bits };
  return bits.some((width, i) => {
    return width <= prefixLength(network) && startsWith(wanted, entries, i * wanted.length, width);
  });
}
