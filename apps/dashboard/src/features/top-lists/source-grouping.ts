import { SOURCE_GROUPS, type SourceGroup } from '@packetlog/common';
import type { RecorderState } from '../../node/recorded/use-recorder.ts';
import { StoredSetting } from '../../ui/stored-setting.ts';

/** What the list of sources has a row for. */
export type Grouping = 'address' | SourceGroup;

export const GROUPINGS: readonly Grouping[] = ['address', ...SOURCE_GROUPS];

export const GROUPING_TEXT: Readonly<Record<Grouping, { name: string; one: string; many: string; unknown: string }>> = {
  address: { name: 'address', one: 'source', many: 'sources', unknown: '' },
  network: { name: 'network', one: 'network', many: 'networks', unknown: '' },
  as: { name: 'AS', one: 'AS', many: 'ASes', unknown: 'unknown AS' },
  country: { name: 'country', one: 'country', many: 'countries', unknown: 'unknown country' },
};

/** How sources are grouped where packets are recorded. */
export const groupingSetting = new StoredSetting<Grouping>(
  'packetlog-source-grouping',
  'address',
  (stored) => GROUPINGS.find((each) => each === stored) ?? null,
);

/**
 * Returns why sources cannot be grouped so; null if they can, or if that is not known yet. `hasPlaces`: whether the
 * loader has files of --geoip; undefined: not known yet.
 */
export function groupingProblem(
  grouping: Grouping,
  recorder: RecorderState,
  hasPlaces: boolean | undefined,
): string | null {
  if (grouping === 'address') return null;
  if (recorder === 'off') return 'needs --record on';
  if (recorder === 'some') return 'needs a recorder on every node';
  return grouping !== 'network' && hasPlaces === false ? 'needs --geoip' : null;
}
