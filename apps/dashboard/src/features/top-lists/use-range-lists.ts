'use client';

import type { SourceGroup } from '@packetlog/common';
import { useEffect, useMemo, useState } from 'react';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { againAfter, requestOf, type Selection, selectionKey } from '../../node/recorded/past-question.ts';
import { usePastAnswer } from '../../node/recorded/use-past-answer.ts';
import { NO_FILTER } from '../../text/filter-text.ts';
import type { Overview } from '../chart/index.ts';
import { liveLists, type RangeLists, rangeLists, recordedLists } from './range-lists.ts';
import type { Grouping } from './source-grouping.ts';
import { type SourceGroups, sourceGroups } from './source-groups.ts';

/** A moving range is requested this many times per its length. */
const REQUESTS_PER_RANGE = 40;
const MIN_INTERVAL_MS = 1500;
const MAX_INTERVAL_MS = 15_000;

/** The chart asks for the same sums. */
const SEE_CHART = 'Not available: the line above the chart says why.';

export interface RangeListsAnswer {
  /** null until the first answer. */
  readonly lists: RangeLists | null;
  /** The sources, grouped; null without an answer, or while they are not to be grouped. */
  readonly groups: SourceGroups | null;
  /** Why the sources cannot be grouped, as sentences; null if they can. */
  readonly groupsProblem: string | null;
  /** Records of recorded packets whose values were too many to count each. */
  readonly uncounted: number;
  /** Whether another range or filter is loading. */
  readonly isLoading: boolean;
  /** Why there are no lists, as a sentence; null if there are, or will be. */
  readonly problem: string | null;
}

/**
 * Returns the top lists of the time range: of recorded packets, of live sums, or from the history in memory. Groups of
 * sources are always those of recorded packets.
 */
export function useRangeLists(overview: Overview, grouping: Grouping): RangeListsAnswer {
  const inMemory = useListsInMemory(overview);
  const recorded = useRecordedLists(overview, grouping === 'address' ? undefined : grouping);
  const live = useLiveLists(overview.selection?.isLive ? overview.selection : null);
  if (overview.selection?.isLive) return live;
  if (overview.selection !== null) return recorded;
  const { groupsProblem, problem } = recorded;
  return { ...recorded, lists: inMemory, groupsProblem: groupsProblem ?? problem, isLoading: false, problem: null };
}

function useLiveLists(selection: Selection | null): RangeListsAnswer {
  const { value, isCurrent, problem } = usePastAnswer(
    'live:top',
    selection && {
      key: selectionKey(selection),
      request: (nowMs) => ({ ...requestOf(selection, nowMs), filter: selection.filter }),
      againAfter: (nowMs) => againAfter(selection, nowMs),
    },
  );
  const lists = useMemo(() => value && liveLists(value), [value]);
  const answer = { groups: null, groupsProblem: null, uncounted: 0 };
  if (problem !== null) return { ...answer, lists: null, isLoading: false, problem: SEE_CHART };
  return { ...answer, lists, isLoading: !isCurrent, problem };
}

function useRecordedLists(overview: Overview, group: SourceGroup | undefined): RangeListsAnswer {
  const { range, recorder } = overview;
  const forGroups =
    group === undefined || recorder !== 'on' ? null : { range: null, lastMs: range.ms, filter: NO_FILTER };
  const selection = overview.selection?.isLive ? null : (overview.selection ?? forGroups);
  const answer = usePastAnswer(
    'past:top',
    selection && {
      key: `${selectionKey(selection)} by ${group ?? 'address'}`,
      request: (nowMs) => ({ ...requestOf(selection, nowMs), ...(group !== undefined && { group }) }),
      againAfter: (nowMs) => againAfter(selection, nowMs),
    },
  );
  const { value, request, isCurrent, problem } = answer;
  const lists = useMemo(
    () => (value === null || request === null ? null : recordedLists(value, request.to_ms - request.from_ms)),
    [value, request],
  );
  const groups = useMemo(() => {
    if (value?.groups === undefined || request?.group === undefined || request.group !== group) return null;
    return sourceGroups(value.groups, request.group, request.to_ms - request.from_ms);
  }, [value, request, group]);
  const groupsProblem = isCurrent ? (value?.groups_problem ?? null) : null;
  const uncounted = selection === null ? 0 : (lists?.uncounted ?? 0);
  return { lists, groups, groupsProblem, uncounted, isLoading: !isCurrent, problem };
}

function useListsInMemory({ range, zoom, selection }: Overview): RangeLists | null {
  const { store, top } = useLive();
  const [lists, setLists] = useState<RangeLists | null>(null);
  const live = useSnapshot(({ connection, figures }) => connection.state === 'live' && figures.summaryAt !== null);
  const isWanted = selection === null;
  useEffect(() => {
    if (!live || !isWanted) return;
    let over = false;
    const request = async () => {
      if (document.hidden) return;
      const toMs = store.state.past.endMs ?? Date.now();
      const answer = await (zoom === null ? top(toMs - range.ms, toMs) : top(zoom.fromMs, zoom.toMs));
      if (!over && answer !== null) setLists(rangeLists(answer));
    };
    void request();
    const everyMs = Math.min(Math.max(range.ms / REQUESTS_PER_RANGE, MIN_INTERVAL_MS), MAX_INTERVAL_MS);
    const timer = zoom === null ? setInterval(request, everyMs) : undefined;
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [live, isWanted, zoom, range, store, top]);
  return lists;
}
