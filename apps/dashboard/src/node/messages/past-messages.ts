/** Checks of answers about recorded packets and of live sums, see messages.ts. Loaded with the first question. */
import {
  type Bookmark,
  type Coverage,
  type FirstSeen,
  HISTORY_COLUMNS,
  type HistoryColumn,
  type LiveRates,
  type LiveTop,
  type Missing,
  type PastFacts,
  type PastLearned,
  type PastRates,
  type PastRows,
  type PastTop,
  type Volume,
} from '@packetlog/common';
import type { PastAnswers, PastEvent, PastTrial } from './past-events.ts';
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

const ratesShape = {
  step_ms: isCount,
  first_at_ms: isNumber,
  columns: isShape<PastRates['columns']>(
    Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, isList(isCount)])) as Record<
      HistoryColumn,
      Check<number[]>
    >,
  ),
  coverage: isCoverage,
};
const isRates = isShape<PastRates>(ratesShape);

const isLiveRates = isShape<LiveRates>({
  ...ratesShape,
  since_ms: isNumber,
  counted_to_ms: isNumber,
  total: isCoverage,
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
  groups: mayBe(
    isListOf(
      isShape<NonNullable<PastTop['groups']>['entries'][number]>({
        ...volume,
        name: isText,
        title: mayBe(isText),
        sources: isCount,
        networks: mayBe(isList(isText)),
      }),
    ),
  ),
  groups_problem: mayBe(isText),
  coverage: isCoverage,
});

const series = { ...volume, series: isList(isCount) };

const isLiveTop = isShape<LiveTop>({
  from_ms: isNumber,
  to_ms: isNumber,
  series_step_ms: isCount,
  sources: isList(isShape<LiveTop['sources'][number]>({ ...series, addr: isText })),
  ports: isList(isShape<LiveTop['ports'][number]>({ ...series, ip_protocol: isCount, port: isCount })),
  pairs: isList(isShape<LiveTop['pairs'][number]>({ ...series, src_addr: isText, dst_addr: isText })),
  rules: isList(isShape<LiveTop['rules'][number]>({ ...series, rule_id: isCount })),
  since_ms: isNumber,
});

const isRows = isShape<PastRows>({
  records: isText,
  interfaces: isList(isShape<PastRows['interfaces'][number]>({ ifindex: isCount, name: isText })),
  next: mayBe(isText),
});

const isVolume = isShape<Volume>(volume);
type Source = PastTrial['known_good']['by_source'][number];
type Incomplete = PastTrial['incomplete'];

const isTrial = isShape<PastTrial>({
  judged: isCount,
  newly_denied: isShape<PastTrial['newly_denied']>({ ...volume, records: isCount, sources: isCount }),
  by_source: isList(isShape<PastTrial['by_source'][number]>({ ...volume, addr: isText, newly_denied: isVolume })),
  by_port: isList(
    isShape<PastTrial['by_port'][number]>({ ...volume, ip_protocol: isCount, port: isCount, newly_denied: isVolume }),
  ),
  limits: mayBe(
    isList(
      isShape<NonNullable<PastTrial['limits']>[number]>({
        rule: isText,
        seen: isCount,
        over: isCount,
        buckets: isCount,
        is_upper_estimate: isFlag,
      }),
    ),
  ),
  known_good: isShape<PastTrial['known_good']>({
    sources: isCount,
    packets: isCount,
    by_source: isList(
      isShape<Source>({
        ...volume,
        addr: isText,
        because: isList(
          isShape<{ kind: string; rule?: string; address?: string }>({
            kind: isText,
            rule: mayBe(isText),
            address: mayBe(isText),
          }),
        ) as Check<unknown> as Check<Source['because']>,
      }),
    ),
  }),
  incomplete: isShape<Incomplete>({
    is_partial: isFlag,
    segments: isCount,
    evaluated_segments: isCount,
    damaged: isList(isText),
    gaps: isList(
      isShape<Incomplete['gaps'][number]>({ from_ns: isText, to_ns: isText, records: isCount, cause: isText }),
    ),
    not_recording: isList(isShape<Incomplete['not_recording'][number]>({ from_ns: isText, to_ns: isText })),
    expired: isShape<Incomplete['expired']>({ segments: isCount, records: isCount }),
    forgotten_records: isCount,
    unreadable_journal_lines: isCount,
    uncounted_source_packets: isCount,
  }),
});

const isFirstSeen: Check<FirstSeen> = isRecord(isNumber);

type Kind = PastLearned['only']['entries'][number];
type ListedKind = PastLearned['shared']['entries'][number];
type Draft = PastLearned['by_source']['rules'][number];

const kind = {
  ip_protocol: isCount,
  port: mayBe(isCount),
  icmp_type: mayBe(isCount),
  ...volume,
  sources: isCount,
};

const isPortOrText: Check<number | string> = (value): value is number | string => isNumber(value) || isText(value);
/** The form checks the values. */
const isDraft = isShape<Pick<Draft, 'source' | 'protocol' | 'destination_port' | 'reason'> & { action: string }>({
  action: isText,
  source: isText,
  protocol: mayBe(isPortOrText),
  destination_port: mayBe(isPortOrText),
  reason: isText,
}) as Check<unknown> as Check<Draft>;

const isLearned = isShape<PastLearned>({
  sources: isShape<PastLearned['sources']>({
    ...volume,
    entries: isList(isShape<PastLearned['sources']['entries'][number]>({ ...volume, addr: isText })),
    others: isVolume,
    distinct: isCount,
  }),
  only: isListOf(isShape<Kind>(kind)),
  shared: isListOf(isShape<ListedKind>({ ...kind, other_packets: isCount })),
  by_kind: isShape<PastLearned['by_kind']>({
    rules: isList(
      isShape<PastLearned['by_kind']['rules'][number]>({
        rule: isDraft,
        ...volume,
        kinds: isCount,
        unused_ports: isCount,
      }),
    ),
    uncovered: isShape<PastLearned['by_kind']['uncovered']>({ ...volume, kinds: isCount }),
    warnings: isList(isText),
  }),
  by_source: isShape<PastLearned['by_source']>({ rules: isList(isDraft), list: isList(isText), unlisted: isCount }),
  coverage: isCoverage,
});

export const PAST_CHECKS: { readonly [Event in PastEvent]: Check<PastAnswers[Event]> } = {
  'live:rates': isLiveRates,
  'live:top': isLiveTop,
  'live:end': isShape<{ ended: boolean }>({ ended: isFlag }),
  'past:facts': isFacts,
  'past:rates': isRates,
  'past:top': isTop,
  'past:rows': isRows,
  'past:first_seen': isFirstSeen,
  'past:bookmark': isBookmark,
  'past:unbookmark': isShape<{ id: number }>({ id: isCount }),
  'past:dry_run': isTrial,
  'past:learn': isLearned,
};
