/**
 * The hub's spool consists of files `00000001.spool` with frames one after the other: a head of 16 bytes (u32 each,
 * little-endian: magic, bytes of the facts, bytes of the block, CRC-32 of both), the facts as JSON, and the block as the
 * node sent it, compressed.
 */
import { crc32 } from 'node:zlib';
import type { ShippedFacts } from '@packetlog/common/fleet';
import { SHIP_TABLES } from '@packetlog/common/fleet';
import * as z from 'zod/mini';

/** What the hub knows of a block. */
export interface BlockFacts extends ShippedFacts {
  readonly stream: string;
  readonly sequence: number;
}

/** A block in a file of the spool. */
export interface Frame {
  readonly facts: BlockFacts;
  /** Where the frame begins in its file, where its block begins, and where the next frame begins. */
  readonly start: number;
  readonly body: number;
  readonly end: number;
}

const MAGIC = 0x504c_5350;
const HEAD_BYTES = 16;
const MAX_FACTS_BYTES = 4096;
const MAX_BODY_BYTES = 64 * 1024 * 1024;

const count = z.int().check(z.nonnegative());
const storedSchema = z.object({
  table: z.enum(SHIP_TABLES),
  node: z.string(),
  rows: count,
  day: count,
  stream: z.string(),
  sequence: count,
  mark: z.optional(z.object({ timestampNs: z.string(), rows: count })),
  sums: z.optional(z.object({ records: count, from: count, to: count })),
});

export function encodeFrame(facts: BlockFacts, body: Uint8Array): Buffer {
  const text = Buffer.from(
    JSON.stringify(facts, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  );
  const frame = Buffer.alloc(HEAD_BYTES + text.length + body.length);
  frame.writeUInt32LE(MAGIC, 0);
  frame.writeUInt32LE(text.length, 4);
  frame.writeUInt32LE(body.length, 8);
  text.copy(frame, HEAD_BYTES);
  frame.set(body, HEAD_BYTES + text.length);
  frame.writeUInt32LE(crc32(frame.subarray(HEAD_BYTES)), 12);
  return frame;
}

/** Returns the whole frames of a file from `start` on; what follows them is damaged, or was being written. */
export function readFrames(bytes: Buffer, start = 0): { readonly frames: Frame[]; readonly end: number } {
  const frames: Frame[] = [];
  let at = start;
  for (let frame = readFrame(bytes, at); frame !== undefined; frame = readFrame(bytes, at)) {
    frames.push(frame);
    at = frame.end;
  }
  return { frames, end: at };
}

function readFrame(bytes: Buffer, start: number): Frame | undefined {
  if (start + HEAD_BYTES > bytes.length || bytes.readUInt32LE(start) !== MAGIC) return undefined;
  const factsBytes = bytes.readUInt32LE(start + 4);
  const bodyBytes = bytes.readUInt32LE(start + 8);
  if (factsBytes > MAX_FACTS_BYTES || bodyBytes > MAX_BODY_BYTES) return undefined;
  const body = start + HEAD_BYTES + factsBytes;
  const end = body + bodyBytes;
  if (end > bytes.length) return undefined;
  if (crc32(bytes.subarray(start + HEAD_BYTES, end)) !== bytes.readUInt32LE(start + 12)) return undefined;
  const facts = readFacts(bytes.toString('utf8', start + HEAD_BYTES, body));
  return facts && { facts, start, body, end };
}

function readFacts(text: string): BlockFacts | undefined {
  const { success, data } = storedSchema.safeParse(JSON.parse(text));
  if (!success) return undefined;
  const { mark, sums, ...facts } = data;
  return {
    ...facts,
    ...(mark && { mark: { timestampNs: BigInt(mark.timestampNs), rows: mark.rows } }),
    ...(sums && { sums }),
  };
}
