/** Decompresses and checks the body of a shipped block, with a bound on its size. */
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { gzipMemberLength, SegmentFormatError } from '@packetlog/common';
import { checkShippedBlock, MAX_SHIPPED_BYTES, type ShippedFacts, type ShipTable } from '@packetlog/common/fleet';

/** Bytes before and behind the compressed data of a member that gzipMember makes. */
const [HEAD_BYTES, FOOT_BYTES] = [20, 8];

interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}
const inflate = promisify(inflateRaw) as unknown as (
  bytes: Uint8Array,
  options: { maxOutputLength: number; info: true },
) => Promise<Inflated>;

/**
 * @throws SegmentFormatError if the body is not exactly one member, as ClickHouse reads it, of one block as
 * checkShippedBlock wants it.
 */
export async function readShippedBlock(body: Buffer, table: ShipTable, node: string): Promise<ShippedFacts> {
  if (gzipMemberLength(body) !== body.length) throw new SegmentFormatError('it is not one gzip member', 0);
  const deflated = body.subarray(HEAD_BYTES, -FOOT_BYTES);
  const { buffer, engine } = await inflate(deflated, { maxOutputLength: MAX_SHIPPED_BYTES, info: true }).catch(
    (error: Error) => {
      throw new SegmentFormatError(`it cannot be decompressed (${error.message})`, HEAD_BYTES);
    },
  );
  const foot = body.length - FOOT_BYTES;
  if (engine.bytesWritten !== deflated.length)
    throw new SegmentFormatError('bytes follow the compressed data', HEAD_BYTES);
  if (body.readUInt32LE(foot) !== crc32(buffer) || body.readUInt32LE(foot + 4) !== buffer.length)
    throw new SegmentFormatError('its checksum is wrong', foot);
  return checkShippedBlock(buffer, table, node);
}
