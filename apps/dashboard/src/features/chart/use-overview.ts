'use client';

import { useState } from 'react';
import { RANGES, type RangeId, type TimeSpan } from '../../node/past/past.ts';
import type { Command } from '../../ui/keys/key-bindings.ts';
import { useKeys } from '../../ui/keys/keys.ts';

/** The time range of the page. */
export interface Overview {
  readonly range: (typeof RANGES)[number];
  /** The zoomed range, which does not move; null for the range up to now. */
  readonly zoom: TimeSpan | null;
  readonly setRange: (id: RangeId) => void;
  readonly setZoom: (zoom: TimeSpan | null) => void;
}

const BACK_TO_LIVE = { keys: ['escape'], name: 'Back to live', group: 'Time', keywords: 'follow newest' } as const;

export function useOverview(): Overview {
  const [range, setRange] = useState<(typeof RANGES)[number]>(RANGES[0]);
  const [zoom, setZoom] = useState<TimeSpan | null>(null);
  const showRange = (id: RangeId) => {
    setZoom(null);
    setRange(RANGES.find((entry) => entry.id === id) ?? RANGES[0]);
  };
  useKeys('page', [
    ...RANGES.map(
      ({ id }, i): Command => ({
        keys: [String(i + 1)],
        name: `Show the last ${id}`,
        group: 'Time',
        keywords: 'range history past',
        run: () => showRange(id),
      }),
    ),
    ...(zoom === null ? [] : [{ ...BACK_TO_LIVE, run: () => setZoom(null) }]),
  ]);
  return {
    range,
    zoom,
    setZoom,
    setRange: showRange,
  };
}
