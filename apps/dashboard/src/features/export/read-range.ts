import { MAX_PAST_ROWS, type PacketLogView, type PastRowsRequest } from '@packetlog/common';
import type { AskPast, PastAnswers } from '../../node/messages/past-events.ts';
import { requestOf, type Selection } from '../../node/recorded/past-question.ts';
import { recordsOf } from '../../node/rows/past-records.ts';
import { RecordBuffer } from './record-buffer.ts';

/** Times that a question is repeated which the loader was too busy for. */
const MAX_RETRIES = 5;
const RETRY_MS = 1_000;

export interface RangeRecords {
  readonly records: RecordBuffer;
  readonly nameOf: (ifindex: number) => string | undefined;
  /** Whether older packets of the range did not fit. */
  readonly isCut: boolean;
  /** Names of nodes whose packets are not among them. */
  readonly without: readonly string[];
}

/** Reads all recorded packets of a range, the newest first, up to `max`. Throws with a sentence if it cannot. */
export async function readRange(
  ask: AskPast,
  selection: Selection,
  max: number,
  { onProgress, isOver }: { onProgress: (rows: number) => void; isOver: () => boolean },
): Promise<RangeRecords> {
  const pages: PacketLogView[] = [];
  const names = new Map<number, string>();
  let rows = 0;
  let before: string | undefined;
  let without: readonly string[] = [];
  do {
    const limit = Math.min(MAX_PAST_ROWS, max - rows);
    const request = { ...requestOf(selection, 0), limit, ...(before !== undefined && { before }) };
    const { records, interfaces, next, nodes } = await answered(ask, request);
    // A name of now applies to newer packets, which were read first.
    for (const { ifindex, name } of interfaces) if (!names.has(ifindex)) names.set(ifindex, name);
    const page = recordsOf(records);
    pages.push(page);
    rows += page.length;
    before = next;
    without = nodes?.without.map(({ name }) => name) ?? [];
    onProgress(rows);
  } while (before !== undefined && rows < max && !isOver());
  const records = new RecordBuffer(rows);
  for (const page of pages.toReversed()) records.append(page);
  return { records, nameOf: (ifindex) => names.get(ifindex), isCut: before !== undefined, without };
}

async function answered(ask: AskPast, request: PastRowsRequest): Promise<PastAnswers['past:rows']> {
  for (let tries = 0; ; tries++) {
    const answer = await ask('past:rows', request);
    if (answer.ok) return answer.value;
    const { message, retry_after_ms } = answer.error;
    if (retry_after_ms === undefined || tries >= MAX_RETRIES) throw new Error(message);
    await new Promise((resolve) => setTimeout(resolve, Math.max(RETRY_MS, retry_after_ms)));
  }
}
