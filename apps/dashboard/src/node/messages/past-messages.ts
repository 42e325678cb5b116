/** Checks of answers about recorded packets, see messages.ts. Loaded with the first question. */
import {
  type Bookmark,
  type Coverage,
  type FirstSeen,
  HISTORY_COLUMNS,
  type HistoryColumn,
  type Missing,
  type PastFacts,
  type PastRates,
  type PastRows,
  type PastTop,
  type Volume,
} from '@packetlog/common';
import type { PastAnswers, PastEvent } from './past-events.ts';
import { type Check, isCount, isFlag, isList, isNumber, isRecord, isShape, isText, mayBe } from './shape.ts';

const isMissing = isShape<Missing>({
  // Unknown causes are shown by their message.
  kind: isText as Check<Missing['kind']>,
  from_ms: mayBe(isNumber),
  to_ms: mayBe(isNumber),
  count: mayBe(isCount),
  message: isText,
});

const isCoverage = isShape<Coverage>({ packets: isCount, records: isCount, missing: isList(isMissing) });

const isBookmark = isShape<Bookmark>({
  id: isCount,
  from_ms: isNumber,
  to_ms: isNumber,
  note: isText,
  bytes: isCount,
});

const isFacts = isShape<PastFacts>({
  oldest_ms: isCount,
  newest_ms: isCount,
  bytes: isCount,
  max_bytes: isCount,
  keep_ms: mayBe(isCount),
  is_anonymized: isFlag,
  bookmarks: isList(isBookmark),
});

const isRates = isShape<PastRates>({
  step_ms: isCount,
  first_at_ms: isNumber,
  columns: isShape<PastRates['columns']>(
    Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, isList(isCount)])) as Record<
      HistoryColumn,
      Check<number[]>
    >,
  ),
  coverage: isCoverage,
});

const volume = { packets: isCount, bytes: isCount };

function isListOf<Entry>(
  isEntry: Check<Entry>,
): Check<{ entries: Entry[]; others: { packets: number; bytes: number }; distinct: number }> {
  return isShape<{ entries: Entry[]; others: Volume; distinct: number }>({
    entries: isList(isEntry),
    others: isShape<Volume>(volume),
    distinct: isCount,
  });
}

type Entry<List extends 'sources' | 'ports' | 'pairs' | 'rules' | 'interfaces'> = PastTop[List]['entries'][number];

const isTop = isShape<PastTop>({
  sources: isListOf(isShape<Entry<'sources'>>({ ...volume, addr: isText, ports: isCount })),
  ports: isListOf(isShape<Entry<'ports'>>({ ...volume, ip_protocol: isCount, port: isCount })),
  pairs: isListOf(isShape<Entry<'pairs'>>({ ...volume, src_addr: isText, dst_addr: isText })),
  rules: isListOf(isShape<Entry<'rules'>>({ ...volume, rule_id: isCount })),
  interfaces: isListOf(isShape<Entry<'interfaces'>>({ ...volume, name: isText })),
  coverage: isCoverage,
});

const isRows = isShape<PastRows>({
  records: isText,
  interfaces: isList(isShape<PastRows['interfaces'][number]>({ ifindex: isCount, name: isText })),
  next: mayBe(isText),
});

const isFirstSeen: Check<FirstSeen> = isRecord(isNumber);

export const PAST_CHECKS: { readonly [Event in PastEvent]: Check<PastAnswers[Event]> } = {
  'past:facts': isFacts,
  'past:rates': isRates,
  'past:top': isTop,
  'past:rows': isRows,
  'past:first_seen': isFirstSeen,
};
