'use client';

import { formatCount } from '../../text/number.ts';
import { GroupChoice } from './group-choice.tsx';
import { Panel } from './panel.tsx';
import type { DenyTarget } from './range-lists.ts';
import { OthersRow, RangeRow, shownEntries } from './range-row.tsx';
import { GROUPING_TEXT } from './source-grouping.ts';
import type { SourceGroups } from './source-groups.ts';
import { TopList } from './top-list.tsx';

/** Top sources by network, AS or country, of recorded packets. */
export function GroupedSources({
  by,
  groups,
  problem,
  none,
  span,
  max,
  minHeight,
  deny,
}: {
  by: SourceGroups['by'];
  /** null until the first answer. */
  groups: SourceGroups | null;
  /** Why there are none; null if there are, or will be. */
  problem: string | null;
  /** Shown if there are no sources. */
  none: string;
  /** The range, for the note; '' if it is shown elsewhere. */
  span: string;
  /** Rows that fit. */
  max: number;
  minHeight?: number | undefined;
  deny: ((target: DenyTarget) => void) | null;
}) {
  const { name, one, many } = GROUPING_TEXT[by];
  const entries = groups === null ? [] : shownEntries(groups.entries, groups.total, max);
  const { packets = 0, distinct = 0, isAtMost } = groups?.total ?? {};
  const number = `${isAtMost ? 'at most ' : ''}${formatCount(distinct)} ${distinct === 1 ? one : many}`;
  const listed = entries.reduce((sum, entry) => sum + entry.packets, 0);
  return (
    <Panel
      name="sources"
      {...(minHeight !== undefined && { minHeight })}
      title="Top sources"
      control={<GroupChoice grouping={by} />}
      note={[number, span].filter(Boolean).join(', ')}
      isEmpty={entries.length === 0}
      empty={problem ?? (groups === null ? 'Loading…' : none)}
    >
      <TopList title={`Top sources by ${name}`} column={one} rate="packets" bar="share">
        {entries.map((entry) => (
          <RangeRow
            key={entry.key}
            entry={entry}
            seconds={(groups?.lengthMs ?? 0) / 1000}
            total={groups?.total ?? null}
            deny={deny}
          />
        ))}
        {distinct > entries.length && (
          <OthersRow packets={packets - listed} distinct={distinct - entries.length} isAtMost={isAtMost} of={packets} />
        )}
      </TopList>
    </Panel>
  );
}
