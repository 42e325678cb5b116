'use client';

import { useEffect, useState } from 'react';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { RANGES, type RangeId, type TimeSpan } from '../../node/past/past.ts';
import type { Command } from '../../ui/keys/key-bindings.ts';
import { useKeys } from '../../ui/keys/keys.ts';
import { type RangeLists, rangeLists } from '../top-lists/range-lists.ts';

/** Which time the page looks at. */
export interface Overview {
  readonly range: (typeof RANGES)[number];
  /** Looked at more closely, standing still; null: the range up to now. */
  readonly look: TimeSpan | null;
  readonly setRange: (id: RangeId) => void;
  readonly setLook: (look: TimeSpan | null) => void;
}

const BACK_TO_LIVE = { keys: ['escape'], name: 'Back to live', group: 'Time', words: 'follow newest' } as const;

export function useOverview(): Overview {
  const [range, setRange] = useState<(typeof RANGES)[number]>(RANGES[0]);
  const [look, setLook] = useState<TimeSpan | null>(null);
  const showRange = (id: RangeId) => {
    setLook(null);
    setRange(RANGES.find((entry) => entry.id === id) ?? RANGES[0]);
  };
  useKeys('page', [
    ...RANGES.map(
      ({ id }, i): Command => ({
        keys: [String(i + 1)],
        name: `Show the last ${id}`,
        group: 'Time',
        words: 'range history past',
        run: () => showRange(id),
      }),
    ),
    ...(look === null ? [] : [{ ...BACK_TO_LIVE, run: () => setLook(null) }]),
  ]);
  return {
    range,
    look,
    setLook,
    setRange: showRange,
  };
}

/** So often the lists of a range that goes on are asked for, in parts of its length. */
const ASKED_PER_RANGE = 40;
const ASK_AT_MOST_EVERY_MS = 1500;
const ASK_AT_LEAST_EVERY_MS = 15_000;

/** Who made the time that is looked at; null until the loader has said so for the first time. */
export function useRangeLists({ range, look }: Overview): RangeLists | null {
  const { store, top } = useLive();
  const [lists, setLists] = useState<RangeLists | null>(null);
  const live = useSnapshot(({ connection, figures }) => connection.state === 'live' && figures.summaryAt !== null);
  useEffect(() => {
    if (!live) return;
    let over = false;
    const ask = async () => {
      if (document.hidden) return;
      const toMs = store.picture.past.endMs ?? Date.now();
      const answer = await (look === null ? top(toMs - range.ms, toMs) : top(look.fromMs, look.toMs));
      if (!over && answer !== null) setLists(rangeLists(answer));
    };
    void ask();
    const everyMs = Math.min(Math.max(range.ms / ASKED_PER_RANGE, ASK_AT_MOST_EVERY_MS), ASK_AT_LEAST_EVERY_MS);
    const timer = look === null ? setInterval(ask, everyMs) : undefined;
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [live, look, range, store, top]);
  return lists;
}
