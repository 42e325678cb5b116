import { MAX_GROUP_NETWORKS, type SourceGroup } from '@packetlog/common';
import type { PastTops } from '../../node/messages/past-events.ts';
import { counted } from '../../text/number.ts';
import { ENTRY_FILTER } from './entry-filter.ts';
import { type RangeEntry, type RangeTotal, totalOf } from './range-lists.ts';
import { GROUPING_TEXT } from './source-grouping.ts';

/** The sources of recorded packets by network, AS or country. */
export interface SourceGroups {
  readonly by: SourceGroup;
  readonly entries: readonly RangeEntry[];
  readonly total: RangeTotal;
  /** Length of the range. */
  readonly lengthMs: number;
}

type Groups = NonNullable<PastTops['groups']>;

export function sourceGroups(groups: Groups, by: SourceGroup, lengthMs: number): SourceGroups {
  return { by, entries: groups.entries.map((entry) => groupEntry(entry, by)), total: totalOf(groups), lengthMs };
}

function groupEntry(
  { name, title, sources, sources_at_least, networks, at_least, ...volume }: Groups['entries'][number],
  by: SourceGroup,
): RangeEntry {
  const [network] = networks ?? [];
  return {
    ...volume,
    key: name,
    label: name === '' ? GROUPING_TEXT[by].unknown : name,
    note: [title, `${sources_at_least ? 'at least ' : ''}${counted(sources, 'source')}`].filter(Boolean).join(', '),
    ...(at_least && { isAtLeast: true }),
    series: [],
    isNew: false,
    filter: networks === undefined ? null : ENTRY_FILTER.networks(networks),
    // A rule has one source: an AS or a country would need a set.
    denies: by === 'network' && network !== undefined ? { fields: { source: network }, text: network } : null,
  };
}

/** Why an entry without a filter cannot be filtered by. */
export const TOO_MANY_NETWORKS = `too many networks to filter by: more than ${MAX_GROUP_NETWORKS}`;
