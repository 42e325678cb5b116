/** Names of segment files: `00000001.hot` has raw records, `00000001.native.zst` (or `.native.gz`) the same sealed. */
import type { SegmentFile } from './segment.ts';

export const SEGMENT_ENDINGS: Readonly<Record<SegmentFile['kind'], string>> = {
  hot: '.hot',
  zstd: '.native.zst',
  gzip: '.native.gz',
};
const KINDS = Object.keys(SEGMENT_ENDINGS) as SegmentFile['kind'][];
const NAME = /^(\d{8,15})(\.hot|\.native\.zst|\.native\.gz)$/;

/** Returns the name of a file in its directory. */
export function segmentName(sequence: number, kind: SegmentFile['kind']): string {
  return `${String(sequence).padStart(8, '0')}${SEGMENT_ENDINGS[kind]}`;
}

/** Returns undefined for the name of another file. */
export function parseSegmentName(name: string): Pick<SegmentFile, 'sequence' | 'kind'> | undefined {
  const [, digits, ending] = NAME.exec(name) ?? [];
  const kind = KINDS.find((each) => SEGMENT_ENDINGS[each] === ending);
  return digits === undefined || kind === undefined ? undefined : { sequence: Number(digits), kind };
}
