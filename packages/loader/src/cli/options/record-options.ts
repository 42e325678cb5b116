/** The options of the recorder, which keeps packets on the disk. */
import { resolve } from 'node:path';
import { parseDuration, RuleValueError } from '@packetlog/common';
import { InvalidArgumentError, Option } from 'commander';
import { bytes, fileName } from './values.ts';

export interface RecordOptions {
  /** Directory of the segments; undefined: `record` in the state directory. */
  readonly directory: string | undefined;
  /** Bytes that all files may take; undefined: by the size of the disk. */
  readonly maxBytes: number | undefined;
  /** How long packets are kept, in milliseconds; undefined: as long as there is room. */
  readonly maxAgeMs: number | undefined;
  /** Permitted packets per second to record. */
  readonly permitsPerSecond: number;
  readonly anonymize: boolean;
}

const MIN_BYTES = 16 * 1024 ** 2;
const MIN_AGE_MS = 10_000;

/** Parses the room for all segments: from 16 MiB. */
export function recordSize(text: string): number {
  const size = bytes(text);
  if (size >= MIN_BYTES && Number.isSafeInteger(size)) return size;
  throw new InvalidArgumentError('Write 16MiB or more, for example 2GiB.');
}

/** Parses how long packets are kept, as milliseconds: from 10 s. */
export function recordFor(text: string): number {
  try {
    const ms = parseDuration(text);
    if (ms >= MIN_AGE_MS) return ms;
  } catch (error) {
    if (!(error instanceof RuleValueError)) throw error;
  }
  throw new InvalidArgumentError('Write a time from 10s, for example 24h or 7d.');
}

/** Parses "1000" or "1000/s" as permitted packets per second, or "all". */
export function permitsPerSecond(text: string): number {
  if (text === 'all') return Number.POSITIVE_INFINITY;
  const [, digits = ''] = /^(\d{1,9})(?:\/s)?$/.exec(text.trim()) ?? [];
  if (Number(digits) >= 1) return Number(digits);
  throw new InvalidArgumentError('Write a number of packets per second from 1, for example 1000, or all.');
}

/** In the order of --help. */
export function recordOptions(): Option[] {
  return [
    new Option('--record <when>', 'whether packets are kept on the disk, in --record-dir')
      .choices(['on', 'off'])
      .env('PACKETLOG_RECORD'),
    new Option(
      '--record-dir <dir>',
      'keep packets in this directory (default: record in the state directory); also switches --record on',
    )
      .argParser(fileName)
      .env('PACKETLOG_RECORD_DIR'),
    new Option(
      '--record-size <bytes>',
      'room for the packets; the oldest are deleted first (default: 2GiB, or a twentieth of a smaller disk)',
    )
      .argParser(recordSize)
      .env('PACKETLOG_RECORD_SIZE'),
    new Option('--record-for <time>', 'how long packets are kept, for example 24h or 7d (default: while there is room)')
      .argParser(recordFor)
      .env('PACKETLOG_RECORD_FOR'),
    new Option(
      '--record-permits <n>',
      'record at most about this many permitted packets per second, chosen at random, or all; denied packets are always recorded',
    )
      .argParser(permitsPerSecond)
      .default(Number.POSITIVE_INFINITY, 'all')
      .env('PACKETLOG_RECORD_PERMITS'),
    new Option('--record-anonymize', 'record networks instead of addresses: /24 of IPv4 and /48 of IPv6').env(
      'PACKETLOG_RECORD_ANONYMIZE',
    ),
  ];
}

/** The values of these options, as commander returns them. */
export interface GivenRecordOptions {
  readonly record?: 'on' | 'off';
  readonly recordDir?: string;
  readonly recordSize?: number;
  readonly recordFor?: number;
  readonly recordPermits?: number;
  readonly recordAnonymize?: boolean;
}

/** Returns undefined if nothing is to be recorded. */
export function recordOf(given: GivenRecordOptions): RecordOptions | undefined {
  const { record = given.recordDir === undefined ? 'off' : 'on' } = given;
  if (record === 'off') return undefined;
  return {
    directory: given.recordDir === undefined ? undefined : resolve(given.recordDir),
    maxBytes: given.recordSize,
    maxAgeMs: given.recordFor,
    permitsPerSecond: given.recordPermits ?? Number.POSITIVE_INFINITY,
    anonymize: given.recordAnonymize ?? false,
  };
}
