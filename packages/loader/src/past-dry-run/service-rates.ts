/**
 * Measures how much each source asks of each service in recorded packets: connections per minute of TCP ports, packets per
 * second of UDP ports. The highest usual values are what a limit should pass. Pure.
 */
import { PACKET_LOG_SIZE, type RuleDraft } from '@packetlog/common';
import { recordFacts } from '../rules/evaluator/record-facts.ts';
import { Acknowledged, OFFSET, TCP, UDP } from './acknowledged.ts';
import { inOrder } from './limit-replay.ts';

const MAX_SOURCES = 131_072;
const MAX_SERVICES = 4096;
/** Ports from here on are those of own connections: answers arrive there. */
const EPHEMERAL = 32_768;
const NS_PER_SECOND = 1_000_000_000n;
const SECONDS = { tcp: 60n, udp: 1n } as const;
/** With fewer times of activity, the highest usual value is chance. */
const MIN_TIMES = 20;
const MAX_PROPOSALS = 10;
const MIN_RATE = { tcp: 10, udp: 20 } as const;
const PERCENTILE = 0.95;
const FACTOR = 2;
const NO_SLOTS: ReadonlyMap<number, number> = new Map();

type Transport = keyof typeof SECONDS;

interface Service {
  readonly transport: Transport;
  readonly port: number;
  readonly sources: Set<string>;
  /** How often a source had this amount in a minute or second. */
  readonly times: Map<number, number>;
  amount: number;
}

interface Current {
  readonly service: Service;
  time: bigint;
  amount: number;
}

export interface LimitProposal {
  readonly rule: RuleDraft;
  readonly sources: number;
  /** Of the times in which a source was active: what 95 % of them had at most, and the most. */
  readonly p95: number;
  readonly most: number;
}

export class ServiceRates {
  readonly #services = new Map<number, Service>();
  readonly #current = new Map<string, Current>();
  readonly #acknowledged = new Acknowledged();
  /** Packets and connections of sources and services for which there was no room. */
  uncounted = 0;

  /** Adds the records of a segment. Call it in the order of segments. `isInRange`: by time in ns. */
  add(records: Uint8Array, isInRange: (ns: bigint) => boolean): void {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    for (const i of inOrder(view, records.byteLength / PACKET_LOG_SIZE)) {
      const at = i * PACKET_LOG_SIZE;
      const ns = view.getBigUint64(at + OFFSET.timestamp_ns, true);
      if (isInRange(ns)) this.#record(records, view, at, ns);
    }
  }

  /** Returns a limit for each service that was used enough, the most used first. */
  proposals(): LimitProposal[] {
    for (const current of this.#current.values()) end(current);
    this.#current.clear();
    return [...this.#services.values()]
      .filter(({ times }) => sum(times) >= MIN_TIMES)
      .sort((a, b) => b.amount - a.amount)
      .slice(0, MAX_PROPOSALS)
      .map(proposalOf);
  }

  #record(records: Uint8Array, view: DataView, at: number, ns: bigint): void {
    const { ipProtocol, destinationPort, source } = recordFacts(records, at, NO_SLOTS);
    if (destinationPort === undefined || source === undefined) return;
    if (ipProtocol === TCP) {
      if (this.#acknowledged.take(view, at)) this.#count('tcp', destinationPort, source, ns, 1);
    } else if (ipProtocol === UDP && destinationPort < EPHEMERAL) {
      this.#count('udp', destinationPort, source, ns, view.getUint16(at + OFFSET.weight, true));
    }
  }

  #count(transport: Transport, port: number, source: ArrayLike<number>, ns: bigint, amount: number): void {
    // Of IPv6, the network of 64 bits, as limits have it.
    const who = source.length === 1 ? String(source[0]) : `${source[0]}:${source[1]}`;
    const key = `${transport} ${port} ${who}`;
    const time = ns / NS_PER_SECOND / SECONDS[transport];
    const known = this.#current.get(key);
    if (known !== undefined) {
      if (known.time !== time) {
        end(known);
        known.time = time;
        known.amount = 0;
      }
      known.amount += amount;
      known.service.amount += amount;
      return;
    }
    const service = this.#serviceOf(transport, port);
    if (service === undefined || this.#current.size >= MAX_SOURCES) {
      this.uncounted += amount;
      return;
    }
    service.sources.add(who);
    service.amount += amount;
    this.#current.set(key, { service, time, amount });
  }

  #serviceOf(transport: Transport, port: number): Service | undefined {
    const key = port + (transport === 'udp' ? 65_536 : 0);
    const known = this.#services.get(key);
    if (known !== undefined || this.#services.size >= MAX_SERVICES) return known;
    const service = { transport, port, sources: new Set<string>(), times: new Map<number, number>(), amount: 0 };
    this.#services.set(key, service);
    return service;
  }
}

function end({ service: { times }, amount }: Current): void {
  const rounded = roundedUp(amount);
  times.set(rounded, (times.get(rounded) ?? 0) + 1);
}

function proposalOf({ transport, port, sources, times }: Service): LimitProposal {
  const amounts = [...times].sort(([a], [b]) => a - b);
  const [most = 0] = amounts.at(-1) ?? [];
  const wanted = sum(times) * PERCENTILE;
  let seen = 0;
  const [p95 = most] =
    amounts.find(([, count]) => {
      seen += count;
      return seen >= wanted;
    }) ?? [];
  const amount = roundedUp(Math.max(MIN_RATE[transport], FACTOR * p95));
  const numbers =
    transport === 'tcp' ? { rate: `${amount}/min`, measure: 'connections' as const } : { rate: `${amount}/s` };
  const rule = { action: 'limit', source: 'any', protocol: transport, destination_port: port, ...numbers } as const;
  return { rule: { ...rule, reason: 'proposed' }, sources: sources.size, p95, most };
}

function sum(times: ReadonlyMap<number, number>): number {
  return [...times.values()].reduce((total, count) => total + count, 0);
}

/** Rounds up to two digits, which bounds the number of different amounts. */
function roundedUp(amount: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(amount)) - 1);
  return Math.ceil(amount / unit) * unit;
}
