'use client';

import { useState } from 'react';
import { RANGES, type RangeId, type TimeSpan } from '../../node/past/past.ts';
import type { Command } from '../../ui/keys/key-bindings.ts';
import { useKeys } from '../../ui/keys/keys.ts';

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
