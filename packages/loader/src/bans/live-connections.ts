/**
 * Since when each TCP connection of the watched namespace is open, as far as we have seen it: the kernel's tables have no
 * age. Reads /proc/net/tcp and tcp6 from time to time, and keeps the text of their addresses, which need not be parsed.
 */
import { readFile } from 'node:fs/promises';
import type { Network } from '@packetlog/common';
import type { OldConnection } from './guards.ts';

/** At most this many connections are followed; of others the age is not known, so they protect no one. */
const MAX_CONNECTIONS = 65_536;
/** State of include/net/tcp_states.h. */
const ESTABLISHED = ' 01 ';
/** Of IPv6 addresses, this many bits are followed. */
const IPV6_BITS = 64;
const MAPPED_BITS = 96;
/** Digits of an address in the tables, of an IPv4 address that an IPv6 socket has, and of a network of 64 bits. */
const [IPV4_DIGITS, MAPPED, NETWORK_DIGITS] = [8, '0000000000000000FFFF0000', 16];

export class LiveConnections {
  /** By IPv4 address or IPv6 network of 64 bits, as the tables write it: local and remote end, and when it was first seen. */
  #bySource = new Map<string, Map<string, number>>();
  #hasRead = false;

  /** Call it with both tables. `nowMs`: monotonic. */
  update(tables: readonly string[], nowMs: number): void {
    const before = this.#bySource;
    const after: typeof before = new Map();
    // Of connections that are there at the first read, the age is not known: they count as old.
    const firstSeen = this.#hasRead ? nowMs : Number.NEGATIVE_INFINITY;
    let count = 0;
    for (const text of tables) {
      for (const ends of establishedIn(text)) {
        if (count++ >= MAX_CONNECTIONS) break;
        const source = sourceOf(ends);
        const connections = after.get(source) ?? new Map<string, number>();
        connections.set(ends, before.get(source)?.get(ends) ?? firstSeen);
        after.set(source, connections);
      }
    }
    this.#bySource = after;
    this.#hasRead = true;
  }

  /** Forgets all: the next connections are those of a first read. */
  clear(): void {
    this.#bySource = new Map();
    this.#hasRead = false;
  }

  /** Returns the oldest connection of the network that is at least this old. */
  oldest(network: Network, ageMs: number, nowMs: number): OldConnection | undefined {
    let found: { ends: string; seenMs: number } | undefined;
    for (const connections of this.#of(network)) {
      for (const [ends, seenMs] of connections) {
        if (nowMs - seenMs >= ageMs && (found === undefined || seenMs < found.seenMs)) found = { ends, seenMs };
      }
    }
    if (found === undefined) return undefined;
    const localPort = Number.parseInt(found.ends.slice(found.ends.indexOf(':') + 1), 16);
    return { localPort, ageMs: Number.isFinite(found.seenMs) ? nowMs - found.seenMs : undefined };
  }

  *#of(network: Network): Generator<ReadonlyMap<string, number>> {
    const wanted = tableBytes(network);
    const bits = network.family === 4 ? network.bits - MAPPED_BITS : Math.min(network.bits, IPV6_BITS);
    if (bits === 8 * wanted.length) {
      yield this.#bySource.get(hexOf(wanted)) ?? new Map();
      return;
    }
    for (const [source, connections] of this.#bySource) {
      if (source.length === 2 * wanted.length && beginsAlike(bytesOf(source), wanted, bits)) yield connections;
    }
  }
}

/** Reads the tables, less often if that takes long. `procNet`: their directory. */
export class ConnectionWatch {
  readonly connections = new LiveConnections();
  readonly #procNet: () => string;
  #timer: NodeJS.Timeout | undefined;
  #isOn = false;

  constructor(procNet: () => string) {
    this.#procNet = procNet;
  }

  /** Reads while it is on. Resolves when the first tables have been read. */
  async set(isOn: boolean): Promise<void> {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    clearTimeout(this.#timer);
    if (isOn) await this.#read();
    else this.connections.clear();
  }

  async #read(): Promise<void> {
    const beganMs = performance.now();
    const tables = await Promise.all(['tcp', 'tcp6'].map((name) => textOf(`${this.#procNet()}/${name}`)));
    if (!this.#isOn) return;
    this.connections.update(tables, performance.now());
    const tookMs = performance.now() - beganMs;
    this.#timer = setTimeout(() => void this.#read(), Math.max(READ_MS, READ_SHARE * tookMs)).unref();
  }
}

/** How long after it was opened a connection may be seen first. */
export const READ_MS = 5000;
/** At most this part of the time is spent with reading. */
const READ_SHARE = 20;

async function textOf(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '');
}

/** Yields both ends, `LOCAL:PORT REMOTE:PORT`, of the established connections in the text of a table. */
function* establishedIn(text: string): Generator<string> {
  for (let at = text.indexOf('\n') + 1; at > 0 && at < text.length; ) {
    const next = text.indexOf('\n', at);
    const end = next === -1 ? text.length : next;
    const from = text.indexOf(': ', at) + 2;
    const to = text.indexOf(' ', text.indexOf(' ', from) + 1);
    if (from > 1 && to > from && to < end && text.startsWith(ESTABLISHED, to)) yield text.slice(from, to);
    at = next === -1 ? 0 : next + 1;
  }
}

/** The source of a connection, as a key. */
function sourceOf(ends: string): string {
  const remote = ends.slice(ends.indexOf(' ') + 1, ends.lastIndexOf(':'));
  if (remote.length === IPV4_DIGITS) return remote;
  return remote.startsWith(MAPPED) ? remote.slice(MAPPED.length) : remote.slice(0, NETWORK_DIGITS);
}

/** The bytes of an IPv4 address, or of the first half of an IPv6 address. */
function tableBytes({ family, bytes }: Network): Uint8Array {
  return family === 4 ? bytes.slice(-4) : bytes.slice(0, 8);
}

/** The kernel writes words in host order, so little-endian bytes are reversed. */
function hexOf(bytes: Uint8Array): string {
  return [...bytes.keys()].map((i) => hex(bytes[(i & ~3) + (3 - (i & 3))] as number)).join('');
}

function bytesOf(text: string): Uint8Array {
  const digits = text.match(/../g) ?? [];
  return Uint8Array.from(digits.keys(), (i) => Number.parseInt(digits[(i & ~3) + (3 - (i & 3))] as string, 16));
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}

function beginsAlike(one: Uint8Array, other: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (one[i] !== other[i]) return false;
  const rest = bits & 7;
  return rest === 0 || ((one[whole] as number) ^ (other[whole] as number)) >> (8 - rest) === 0;
}
