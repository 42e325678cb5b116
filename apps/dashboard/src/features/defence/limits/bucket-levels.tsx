'use client';

import type { BucketLevel } from '@packetlog/common';
import { useState } from 'react';
import { useSnapshot } from '../../../node/live-context.tsx';
import { bucketState, followedText, levelText } from './level-text.ts';
import type { LimitLevel } from './use-limit-levels.ts';
import './bucket-levels.css';

const FIRST = 3;

/** The fullest buckets of a limit, each with a bar for its level. */
export function BucketLevels({ rule, isEnforced, levels }: { rule: number; isEnforced: boolean; levels: LimitLevel }) {
  const [isLong, setLong] = useState(false);
  const { top } = levels;
  if (top.length === 0) {
    return (
      <p className="limit-note text-faint" data-testid="no-buckets">
        No bucket has used half of its burst lately.
      </p>
    );
  }
  return (
    <div className="buckets" data-testid="buckets">
      <p className="limit-note text-muted" title="Buckets that used at least half of their burst lately">
        Fullest buckets: {followedText(levels)}
      </p>
      <ol aria-label={`Fullest buckets of limit ${rule}`}>
        {top.slice(0, isLong ? top.length : FIRST).map((bucket) => (
          <Bucket key={bucket.bucket} level={bucket} isEnforced={isEnforced} />
        ))}
      </ol>
      {top.length > FIRST && (
        <button type="button" className="link-button" aria-expanded={isLong} onClick={() => setLong(!isLong)}>
          {isLong ? `Show only ${FIRST}` : `Show all ${top.length}`}
        </button>
      )}
    </div>
  );
}

function Bucket({ level, isEnforced }: { level: BucketLevel; isEnforced: boolean }) {
  const now = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 1000) * 1000);
  const text = levelText(level);
  const state = bucketState(level, isEnforced, now);
  return (
    <li className="bucket" data-over={level.is_over} data-testid="bucket">
      <span className="bucket-name font-mono">{level.bucket}</span>
      <span className="bucket-bar" aria-hidden="true">
        <span style={{ width: text.replace(' ', '') }} />
      </span>
      <span className="bucket-level font-mono">{text}</span>
      <span className="bucket-state">{state}</span>
    </li>
  );
}
