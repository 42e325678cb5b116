/** Reads levels from the entries of a limit, in the same steps as `entry_is_over` of limit_state.h. Pure. */
import { LIMIT_STATE, LIMIT_WIDE_ENTRY } from '@packetlog/bpf';
import { type BucketLevel, MAX_BUCKETS_AT_ONCE } from '@packetlog/common';
import type { LimitStateCopy } from '../../ipc/rule-counts.ts';
import { bucketText } from '../../xdp/limits/bucket-text.ts';
import type { ImageLimit } from '../../xdp/limits/image-limits.ts';

export interface DecodedLevels {
  readonly followed: number;
  readonly over: number;
  readonly evicted: number;
  /** At most MAX_BUCKETS_AT_ONCE, the fullest first: those that are blocked, then by level. */
  readonly top: readonly BucketLevel[];
}

/** Words of an entry, by shape. Both kinds begin with key and arrival. */
const ENTRY_WORDS = 4;
const WIDE_ENTRY_WORDS = LIMIT_WIDE_ENTRY.size / 4;
const NS_PER_MS = 1e6;
const LEVEL_DIGITS = 1000;

interface Entry {
  readonly word: number;
  /** Time until it is empty; of a blocked one, until the block ends. */
  readonly aheadNs: number;
  readonly levelNs: number;
  readonly isBlocked: boolean;
}

/** `nowMs`: Unix time at which `state` was copied. */
export function decodeLevels(limit: ImageLimit, state: LimitStateCopy, nowMs: number): DecodedLevels {
  const { table } = state;
  const words = new Uint32Array(table.buffer, table.byteOffset, table.byteLength / 4);
  const nowLow = Number(state.nowNs & 0xffff_ffffn);
  const nowHigh = Number(state.nowNs >> 32n);
  const fullNs = limit.burstNs + Number(state.tickNs);
  const isOver = ({ isBlocked, levelNs }: Entry) => isBlocked || levelNs + limit.costNs > fullNs;
  const top: Entry[] = [];
  const step = state.shape === LIMIT_STATE.shapes.cells ? ENTRY_WORDS : WIDE_ENTRY_WORDS;
  let followed = 0;
  let over = 0;
  for (let word = 0; word < words.length; word += step) {
    const low = words[word + 2] as number;
    const aheadNs = ((words[word + 3] as number) - nowHigh) * 2 ** 32 + (low - nowLow);
    const entry = entryOf(word, aheadNs, (low & 1) === 1, limit, fullNs);
    if (entry === undefined) continue;
    followed++;
    if (isOver(entry)) over++;
    keepFullest(top, entry);
  }
  return { followed, over, evicted: state.evictions, top: top.map((entry) => levelOf(entry)) };

  function levelOf(entry: Entry): BucketLevel {
    const key = table.subarray(entry.word * 4, entry.word * 4 + 8);
    return {
      bucket: bucketText(key, limit.per),
      level: Math.min(1, Math.round((entry.levelNs / limit.burstNs) * LEVEL_DIGITS) / LEVEL_DIGITS),
      is_over: isOver(entry),
      ...(entry.isBlocked && { blocked_until_ms: Math.round(nowMs + entry.aheadNs / NS_PER_MS) }),
    };
  }
}

/** Returns undefined if the entry is empty. */
function entryOf(
  word: number,
  arrivalAheadNs: number,
  isBlock: boolean,
  { burstNs, blockNs }: ImageLimit,
  fullNs: number,
): Entry | undefined {
  // Later than a block can end, if the numbers of the limit were changed.
  const aheadNs = isBlock ? Math.min(arrivalAheadNs, blockNs) : arrivalAheadNs;
  if (isBlock && aheadNs > 0) return { word, aheadNs, levelNs: burstNs, isBlocked: true };
  // The level was full when the block began.
  const levelNs = Math.min(isBlock ? aheadNs - blockNs + burstNs : aheadNs, fullNs);
  return levelNs > 0 ? { word, aheadNs: levelNs, levelNs, isBlocked: false } : undefined;
}

/** Inserts an entry in descending order, unless there are enough fuller ones. */
function keepFullest(top: Entry[], entry: Entry): void {
  const last = top.at(-1);
  if (top.length === MAX_BUCKETS_AT_ONCE && last && compare(last, entry) <= 0) return;
  let low = 0;
  let high = top.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(top[middle] as Entry, entry) <= 0) low = middle + 1;
    else high = middle;
  }
  top.splice(low, 0, entry);
  if (top.length > MAX_BUCKETS_AT_ONCE) top.pop();
}

/** Negative: `a` is fuller. */
function compare(a: Entry, b: Entry): number {
  if (a.isBlocked !== b.isBlocked) return a.isBlocked ? -1 : 1;
  return b.aheadNs - a.aheadNs;
}
