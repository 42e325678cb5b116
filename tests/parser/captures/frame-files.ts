/** Writes frames to files that PacketLog, tshark and tcpdump read: the number of a frame is its time in milliseconds. */
import { writeFileSync } from 'node:fs';
import { pcapHeader, pcapRecord } from '../../lab/capture-file.ts';
import { fixtures } from '../fixtures.ts';
import { mutate, type Random } from '../mutation.ts';
import { type RealFrame, readFrames } from './read-frames.ts';
import { type CaptureSource, captureFiles } from './sources.ts';

export const NS_PER_FRAME = 1_000_000n;
const LINK_TYPES = { ethernet: 1, ip: 101 } as const;
/** BPF_PROG_TEST_RUN takes no shorter frame. */
const LEAST_BYTES = 14;
/** Bytes of a frame to mutate: headers matter, not payloads. */
const MOST_BYTES = 300;

/** Returns the frames that PacketLog can replay, by file. */
export function realFrames(sources: readonly CaptureSource[]): RealFrame[][] {
  return sources
    .flatMap((source) => captureFiles(source))
    .map((path) => readFrames(path).filter(({ bytes }) => bytes.length >= LEAST_BYTES))
    .filter((frames) => frames.length > 0);
}

/** EtherTypes of the frames to mutate: IP, tags, PPPoE sessions. Nothing is parsed in others. */
const ETHER_TYPES = [0x0800, 0x86dd, 0x8100, 0x88a8, 0x9100, 0x8864];

/**
 * Returns mutated frames of one link type. Half of them are of files chosen at random, because small files have rare
 * protocols; an eighth are of the fixtures, which reach the parser's limits.
 */
export function mutatedFrames(
  files: readonly RealFrame[][],
  count: number,
  link: RealFrame['link'],
  source: Random,
): RealFrame[] {
  const hasMore = ({ bytes }: RealFrame) => link === 'ip' || ETHER_TYPES.includes(bytes.readUInt16BE(12));
  const ofLink = files
    .map((frames) => frames.filter((frame) => frame.link === link && hasMore(frame)))
    .filter(({ length }) => length > 0);
  const all = ofLink.flat();
  const built = fixtures
    .filter(({ frame }) => frame.length >= 2 * LEAST_BYTES && frame.length < 600)
    .map(({ frame }): RealFrame => {
      const bytes = Buffer.from(link === 'ip' ? frame.subarray(14) : frame);
      return { link, bytes, length: bytes.length };
    });
  const mutants: RealFrame[] = [];
  while (mutants.length < count) {
    const from = [all, all, all, built][source.below(8)] ?? (ofLink[source.below(ofLink.length)] as RealFrame[]);
    const frame = from[source.below(from.length)] as RealFrame;
    const bytes = Buffer.from(mutate(frame.bytes.subarray(0, MOST_BYTES), source));
    if (bytes.length < LEAST_BYTES || (link === 'ip' && isTakenForAnotherLink(bytes))) continue;
    mutants.push({ link, bytes, length: bytes.length });
  }
  return mutants;
}

/** tshark takes frames without a link header for PPP or Token Ring by these bytes (`dissect_raw`, packet-raw.c). */
function isTakenForAnotherLink(bytes: Buffer): boolean {
  const isPpp = [0, 1, 6].some((at) => bytes.readUInt16BE(at) === 0xff03);
  return isPpp || bytes.subarray(0, 10).every((byte) => byte === 0);
}

export function writeFrames(path: string, link: RealFrame['link'], frames: readonly RealFrame[]): void {
  const records = frames.flatMap(({ bytes, length }, i) =>
    pcapRecord({ bytes, length, timestampNs: BigInt(i) * NS_PER_FRAME }),
  );
  writeFileSync(path, Buffer.concat([pcapHeader(LINK_TYPES[link]), ...records]), { mode: 0o644 });
}
