/**
 * Everything that reads bytes or text from outside, as functions of bytes: for the property tests here, and for
 * `pnpm test:fuzz` (tests/fuzz). A target accepts any bytes; it throws only if the product has a fault.
 */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type * as z from 'zod/mini';
import { BATCH_HEADER_SIZE } from '../../src/batch/batch-layout.ts';
import {
  BatchFormatError,
  compileFilter,
  completeFilter,
  encodeBatch,
  encodePacketLog,
  explainPacket,
  FilterError,
  filterKey,
  formatFilter,
  handshakeSchema,
  helloSchema,
  highlightFilter,
  historyRequestSchema,
  historyTopRequestSchema,
  ledgerSchema,
  MAX_FILTER_LENGTH,
  MAX_MESSAGE_BYTES,
  noticeSchema,
  PACKET_LOG_SIZE,
  PacketLogBatch,
  packetLogCsv,
  packetLogJson,
  parseFilter,
  pauseSchema,
  placesRequestSchema,
  readBatches,
  reverseNamesRequestSchema,
  rulesFileSchema,
  rulesRequestSchemas,
  simplified,
  subscribeSchema,
  summarySchema,
} from '../../src/index.ts';
import { SAMPLE } from './packet-log.sample.ts';

export interface FuzzTarget {
  readonly name: string;
  /** Longest input that the product reads at once, or that is worth trying. */
  readonly maxBytes: number;
  readonly seeds: readonly (string | Uint8Array)[];
  readonly run: (bytes: Uint8Array) => void;
}

const RECORDS_READ = 16;
/** Completion and highlighting take much longer than parsing. */
const HELPED_ONE_OF = 4;
const decoder = new TextDecoder();
const sample = PacketLogBatch.from(encodeBatch({}, [SAMPLE]));

/** Every record of every batch can be shown in each form, and is the same when it is encoded again. */
function codec(bytes: Uint8Array): void {
  let batches: PacketLogBatch[];
  try {
    batches = [...readBatches(bytes)];
  } catch (error) {
    if (error instanceof BatchFormatError) return;
    throw error;
  }
  const copy = new Uint8Array(PACKET_LOG_SIZE);
  for (const batch of batches) {
    for (let i = 0; i < Math.min(batch.length, RECORDS_READ); i++) {
      const record = batch.decode(i);
      batch.copyRecord(i, copy, 0);
      deepStrictEqual(encodePacketLog(record), copy);
      const json = JSON.parse(packetLogJson(batch, i, 'eth0')) as object;
      strictEqual(packetLogCsv(batch, i, 'eth0').split(',').length, Object.keys(json).length);
      for (const field of explainPacket(record, 'eth0')) strictEqual(typeof field.value, 'string', field.key);
    }
  }
}

/** A header that is accepted describes bytes that are there, wherever it begins. */
function batchHeader(bytes: Uint8Array): void {
  const position = (bytes[0] ?? 0) % 8;
  try {
    const batch = PacketLogBatch.from(bytes, position);
    ok(batch.byteLength >= BATCH_HEADER_SIZE);
    ok(position + batch.byteLength <= bytes.length);
    ok(Number.isSafeInteger(batch.sequence) && Number.isSafeInteger(batch.offered));
    if (batch.length > 0) batch.decode(batch.length - 1);
  } catch (error) {
    if (!(error instanceof BatchFormatError)) throw error;
  }
}

/** Text is a filter with one meaning, or an error with a place; completion and highlighting accept all text. */
function filter(bytes: Uint8Array): void {
  const text = decoder.decode(bytes);
  if (text.length > MAX_FILTER_LENGTH) return;
  const cursor = (bytes[0] ?? 0) % (text.length + 1);
  if (cursor % HELPED_ONE_OF === 0) {
    completeFilter(text, cursor, { interfaces: ['eth0', 'a "b"'], addresses: ['192.0.2.1'] });
    for (const { from, to } of highlightFilter(text)) ok(from >= 0 && from <= to && to <= text.length);
  }
  let parsed: ReturnType<typeof parseFilter>;
  try {
    parsed = parseFilter(text);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    ok(error.from >= 0 && error.from <= error.to && error.to <= text.length, 'an error outside the text');
    return;
  }
  const printed = formatFilter(parsed);
  const again = parseFilter(printed);
  strictEqual(formatFilter(again), printed);
  strictEqual(filterKey(simplified(again)), filterKey(simplified(parsed)));
  strictEqual(sample.matches(0, compileFilter(parsed)), sample.matches(0, compileFilter(simplified(parsed))));
}

const SCHEMAS: Readonly<Record<string, z.ZodMiniType>> = {
  ...{ handshakeSchema, helloSchema, historyRequestSchema, historyTopRequestSchema, ledgerSchema, noticeSchema },
  ...{ pauseSchema, placesRequestSchema, reverseNamesRequestSchema, rulesFileSchema, subscribeSchema, summarySchema },
  ...rulesRequestSchemas,
};

/** A message is accepted or rejected by every schema; what is accepted is plain data. */
function protocol(bytes: Uint8Array): void {
  let message: unknown;
  try {
    message = JSON.parse(decoder.decode(bytes));
  } catch {
    return;
  }
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    const { success, data } = schema.safeParse(message);
    if (success) strictEqual(Object.getPrototypeOf(data), Object.prototype, name);
  }
  deepStrictEqual(Object.keys(Object.prototype), []);
}

const rule = {
  action: 'deny',
  source: '192.0.2.0/24',
  protocol: 'tcp',
  destination_port: '80-90',
  for: '1h',
  tcp_flags: 'syn,!ack',
  destination: '2001:db8::1',
  length: '60-80',
  fragment: true,
};
const json = (value: unknown) => JSON.stringify(value);

export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'codec',
    maxBytes: MAX_MESSAGE_BYTES,
    seeds: [encodeBatch({}, [SAMPLE]), encodeBatch({ dropped: 3, sequence: 7 }, [SAMPLE, SAMPLE])],
    run: codec,
  },
  {
    name: 'batch-header',
    maxBytes: 4096,
    seeds: [encodeBatch({}, []), encodeBatch({ withheld: 2 ** 40, clock_offset_ns: -1n }, [SAMPLE])],
    run: batchHeader,
  },
  {
    name: 'filter',
    maxBytes: MAX_FILTER_LENGTH,
    seeds: [
      ...['', 'tcp and port 443', 'not (src net 10.0.0.0/8 or host 2001:db8::1) and len > 100', 'flags syn'],
      ...['iface "a b" or vlan 5', 'icmp unreachable', 'port 80 or 443 or 1000-2000', 'action deny and rule 3'],
      '192.0.2.1:443 -> 192.0.2.2:80 TCP',
    ],
    run: filter,
  },
  {
    name: 'protocol',
    maxBytes: MAX_MESSAGE_BYTES,
    seeds: [
      json({ token: 'a-token-of-the-test', protocol: 2 }),
      json({ max_rows_per_second: 5, filter: 'tcp' }),
      json({ rule, force: true }),
      json({ rules: [rule], seconds: 5, sets: { bad: '192.0.2.1' } }),
      json({ id: 1, changes: { source: 'any', protocol: null } }),
      json({ ids: [1], matching: [{ source: '::/0', reason: 'x' }] }),
      json({ addresses: ['192.0.2.1', '::1'] }),
      json({ document: { version: 1, rules: [rule], sets: { a: { entries: ['10.0.0.0/8'] } }, protect: ['::1'] } }),
      json({ from_ms: 0, to_ms: 1 }),
      '{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}}}',
    ],
    run: protocol,
  },
];
