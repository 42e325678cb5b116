/** Many different records in the bytes of a hot file: from captures, and generated near what filters ask for. */
import { encodePacketLog, PACKET_LOG_FIELDS, PACKET_LOG_SIZE } from '@packetlog/common';
// biome-ignore lint/style/noRestrictedImports: the filters and records that meet stand beside the filter language
import { sampleRecords } from '../../packages/common/test/support/filter.samples.ts';
import { realFrames } from '../parser/captures/frame-files.ts';
import type { CaptureSource } from '../parser/captures/sources.ts';
import { type Random, random } from '../parser/mutation.ts';
import { parse } from '../parser/reference.ts';

/** Of the records from which others are combined. */
const SEEDS = 4000;
/** One field in so many has random bytes. */
const RARE = 64;
const IFINDEXES = [2, 3, 4, 0xffff_fffe];

/**
 * Returns `count` records: those of the captures, then generated ones. The time of each is its number, so that rows can
 * be named.
 */
export function manyRecords(count: number, sources: readonly CaptureSource[], seed: number): Uint8Array {
  const source = random(seed);
  const captured = realFrames(sources).flat().slice(0, count);
  const records = new Uint8Array(count * PACKET_LOG_SIZE);
  captured.forEach(({ bytes, link }, i) => {
    const ifindex = IFINDEXES[source.below(IFINDEXES.length)] as number;
    encodePacketLog({ ...parse(bytes, link), timestamp_ns: 0n, ifindex }, records, i * PACKET_LOG_SIZE);
  });
  combine(records.subarray(captured.length * PACKET_LOG_SIZE), seeds(seed), source);
  const times = new BigUint64Array(records.buffer);
  for (let i = 0; i < count; i++) times[(i * PACKET_LOG_SIZE) / 8] = BigInt(i);
  return records;
}

function seeds(seed: number): Uint8Array {
  const bytes = new Uint8Array(SEEDS * PACKET_LOG_SIZE);
  sampleRecords(SEEDS, seed).forEach((record, i) => {
    encodePacketLog(record, bytes, i * PACKET_LOG_SIZE);
  });
  return bytes;
}

/** Each record has half of its fields from one seed, half from another, and rarely random bytes. */
function combine(records: Uint8Array, from: Uint8Array, source: Random): void {
  const fields = PACKET_LOG_FIELDS.map(({ offset }, i) => ({
    offset,
    end: PACKET_LOG_FIELDS[i + 1]?.offset ?? PACKET_LOG_SIZE,
  }));
  for (let at = 0; at < records.length; at += PACKET_LOG_SIZE) {
    const parents = [source.below(SEEDS), source.below(SEEDS)].map((parent) => parent * PACKET_LOG_SIZE);
    const choices = source.below(2 ** 20);
    fields.forEach(({ offset, end }, i) => {
      const parent = parents[(choices >> i) & 1] as number;
      records.set(from.subarray(parent + offset, parent + end), at + offset);
    });
    if (source.below(RARE / fields.length) > 0) continue;
    const { offset, end } = fields[source.below(fields.length)] as { offset: number; end: number };
    for (let byte = offset; byte < end; byte++) records[at + byte] = source.below(256);
  }
}
