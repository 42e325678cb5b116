/** Parsers for option values. Each returns the value or throws InvalidArgumentError. */
import { parseDuration, parseNetwork, RuleValueError } from '@packetlog/common';
import { InvalidArgumentError } from 'commander';
import { interfaceNameProblem } from '../../system/interface-name.ts';

export interface ListenAddress {
  host: string;
  port: number;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1024,
  kib: 1024,
  m: 1024 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gib: 1024 ** 3,
};

/** Parses "16MiB", "16m" or "16777216" as bytes. */
export function bytes(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  if (digits === '' || factor === undefined)
    throw new InvalidArgumentError('Write bytes, or a number with KiB, MiB or GiB.');
  return Number(digits) * factor;
}

/** Parses the size of a ring in bytes: a power of two from 4 KiB to 1 GiB. */
export function ringBytes(text: string): number {
  const size = bytes(text);
  const isPower = size > 0 && Number.isInteger(Math.log2(size));
  if (!isPower || size < 4096 || size > 1024 ** 3) {
    throw new InvalidArgumentError('The size must be a power of two from 4KiB to 1GiB, for example 16MiB.');
  }
  return size;
}

/** Parses "localhost:7411", "[::1]:7411", ":7411", "7411" or "off". */
export function listenAddress(text: string): ListenAddress | 'off' {
  if (text === 'off') return 'off';
  const [, host, port] = /^(?:(\[[0-9a-f:.]+\]|[^:\s[\]]*):)?(\d{1,5})$/i.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new InvalidArgumentError('Write HOST:PORT, for example localhost:7411 or [::1]:7411, or off.');
  }
  return { host: host || 'localhost', port: Number(port) };
}

/** Parses `--metrics`: as `--listen`, or "same". */
export function metricsPlace(text: string): ListenAddress | 'same' | 'off' {
  if (text === 'same') return text;
  try {
    return listenAddress(text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new InvalidArgumentError('Write HOST:PORT, for example localhost:9741, or same, or off.');
  }
}

/** Parses an interface name, an alternative name, or a name as `ip link` prints it ("eth0@if5"). */
export function interfaceName(name: string): string {
  const problem = interfaceNameProblem(name);
  if (problem) throw new InvalidArgumentError(`An interface name that ${problem} cannot exist.`);
  return name;
}

/** Parses "https://packetlog.example.com": scheme, host and port, nothing else. */
export function origin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.origin !== text.toLowerCase()) {
    throw new InvalidArgumentError(
      'Write an origin: http:// or https://, a host and optionally a port, without a path.',
    );
  }
  return url.origin;
}

export function fileName(name: string): string {
  if (name !== '' && !name.includes('\0')) return name;
  throw new InvalidArgumentError('Write the name of a file.');
}

/** Returns the path of a network namespace, from a name as in `ip netns` or from a path. */
export function networkNamespace(text: string): string {
  if (text === '' || text.includes('\0'))
    throw new InvalidArgumentError('Write a name (see: ip netns list) or a path.');
  return text.includes('/') ? text : `/run/netns/${text}`;
}

export const DEFAULT_DENIES_RATE = 1000;

/** Parses the lines per second of `--log-denies-rate`: "1000" or "1000/s". */
export function linesPerSecond(text: string): number {
  const [, digits = ''] = /^(\d{1,7})(?:\/s)?$/.exec(text.trim()) ?? [];
  const lines = Number(digits);
  if (lines >= 1 && lines <= 1_000_000) return lines;
  throw new InvalidArgumentError('Write a number of lines per second from 1 to 1000000, for example 1000.');
}

const DAY = 86_400;

/** Parses a duration from 1 s to 24 h, as seconds: "10", "10s", "5m", "1h30m". */
export function seconds(text: string): number {
  let value = Number(text);
  try {
    if (!/^\d+$/.test(text)) value = parseDuration(text) / 1000;
  } catch (error) {
    if (!(error instanceof RuleValueError)) throw error;
    value = Number.NaN;
  }
  if (Number.isInteger(value) && value >= 1 && value <= DAY) return value;
  throw new InvalidArgumentError('Write a time from 1s to 24h, for example 10s, 5m or 1h30m.');
}

/** The value of `--sample auto`: the kernel samples while the ring fills up. */
export const SAMPLE_AUTO = 0;
/** The weight of a record, a power of two, has 16 bits. */
const MAX_SAMPLE = 32_768;

/** Parses `--sample`: N of "1 of N", SAMPLE_AUTO for auto, 1 for off. */
export function sampling(text: string): number {
  if (text === 'auto') return SAMPLE_AUTO;
  if (text === 'off') return 1;
  const n = Number(text);
  if (!/^\d+$/.test(text) || n < 1 || n > MAX_SAMPLE || !Number.isInteger(Math.log2(n))) {
    throw new InvalidArgumentError(`Write auto, off, or a power of two up to ${MAX_SAMPLE}.`);
  }
  return n;
}

/** Parses a whole number from 0. */
export function count(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Write a whole number, 0 or more.');
  return Number(text);
}

/** Parses a whole number from 1. */
export function countFromOne(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('Write a whole number, 1 or more.');
  return Number(text);
}

export const DEFAULT_CONFIRM_MS = 30_000;
const MAX_CONFIRM_MS = 3_600_000;

/** Parses `30s` or `2m` as milliseconds. */
export function confirmWithin(text: string): number {
  try {
    const ms = parseDuration(text);
    if (ms <= MAX_CONFIRM_MS) return ms;
  } catch (error) {
    if (!(error instanceof RuleValueError)) throw error;
  }
  throw new InvalidArgumentError('Write a time up to an hour, such as 30s or 2m.');
}

/** Parses an address or a network. */
export function network(text: string): string {
  try {
    parseNetwork(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? `${error.message}.` : 'not an address.');
  }
}
