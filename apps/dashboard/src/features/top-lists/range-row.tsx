'use client';

import type { Place } from '@packetlog/common';
import { Ban } from 'lucide-react';
import { Fragment } from 'react';
import { formatCompact, formatCount } from '../../text/number.ts';
import { placeMark, placeText } from '../../text/place-text.ts';
import { Measure } from '../../ui/count.tsx';
import { MiddleCut } from '../../ui/middle-cut.tsx';
import { Sparkline } from '../../ui/sparkline.tsx';
import { FilterButton } from './filter-button.tsx';
import type { DenyTarget, RangeEntry, RangeTotal } from './range-lists.ts';

/** An entry of a list. Its name filters by it; a second button denies it. */
export function RangeRow({
  entry,
  seconds,
  total,
  place = null,
  deny,
}: {
  entry: RangeEntry;
  seconds: number;
  /** Of all entries, for a share instead of a trend; null if there is a trend. */
  total: RangeTotal | null;
  /** Country and network of a source, if known. */
  place?: Place | null | undefined;
  /** Opens the form to deny it; null where that is not possible. */
  deny: ((target: DenyTarget) => void) | null;
}) {
  const { label, note, packets, series, isNew, denies, isAtLeast = false, filterShows } = entry;
  const perSecond = packets / seconds;
  const about = [label, placeText(place), entry.filter === null ? note : ''].filter((part) => part !== '').join(', ');
  return (
    <tr data-testid="top-row">
      <th scope="row">
        <span className="top-name">
          <FilterButton label={label} filter={entry.filter} about={about} {...(filterShows && { shows: filterShows })}>
            {label.split(' → ').map((part, i) => (
              <Fragment key={part}>
                {i > 0 && <span className="font-mono whitespace-pre"> → </span>}
                <MiddleCut text={part} />
              </Fragment>
            ))}
          </FilterButton>{' '}
          <span className="top-note text-faint">{[note, placeMark(place)].filter(Boolean).join(' ')}</span>
          {isNew && <span className="ml-2 text-accent">new</span>}
          {deny !== null && denies !== null && (
            <button
              type="button"
              className="top-deny"
              aria-label={`Deny ${denies.text}…`}
              title={`Deny ${denies.text}…`}
              onClick={() => deny(denies)}
            >
              <Ban size={12} aria-hidden="true" />
            </button>
          )}
        </span>
      </th>
      <td className="top-share">
        {total === null ? (
          <Sparkline values={series} action="permit" width={54} height={12} />
        ) : (
          <Share packets={packets} of={total.packets} />
        )}
      </td>
      <td
        className="top-rate"
        title={`${isAtLeast ? 'At least ' : ''}${formatCount(packets)} packets${isAtLeast ? UNLISTED : ''}`}
      >
        {isAtLeast && <AtLeast />}
        {total === null ? (
          <Measure quantity={formatCompact(perSecond)} exact={perSecond} per="/s" />
        ) : (
          <Measure quantity={formatCompact(packets)} exact={packets} per="pkt" />
        )}
      </td>
    </tr>
  );
}

const UNLISTED = ': a node that does not list it may have more, which are in others';

function AtLeast() {
  return (
    <>
      <span aria-hidden="true">≥ </span>
      <span className="sr-only">at least </span>
    </>
  );
}

/** The entries that fit; the last row is for all others, if there are any. `total`: null for lists without others. */
export function shownEntries(entries: readonly RangeEntry[], total: RangeTotal | null, max: number) {
  return entries.slice(0, total !== null && total.distinct > max ? max - 1 : max);
}

/** All values that are not listed. */
export function OthersRow({
  packets,
  distinct,
  isAtMost = false,
  of,
}: {
  packets: number;
  distinct: number;
  isAtMost?: boolean | undefined;
  of: number;
}) {
  return (
    <tr data-testid="top-others">
      <th scope="row" className="text-muted">
        {isAtMost && 'at most '}
        {formatCount(distinct)} {distinct === 1 ? 'other' : 'others'}
      </th>
      <td className="top-share">
        <Share packets={packets} of={of} />
      </td>
      <td className="top-rate" title={`${formatCount(packets)} packets`}>
        <Measure quantity={formatCompact(packets)} exact={packets} per="pkt" />
      </td>
    </tr>
  );
}

function Share({ packets, of }: { packets: number; of: number }) {
  const share = of === 0 ? 0 : packets / of;
  return (
    <>
      <span className="top-bar" style={{ width: `${Math.max(share * 100, 2)}%` }} title={percent(share)} />
      <span className="sr-only">{percent(share)}</span>
    </>
  );
}

export function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 1 ? '<1' : Math.round(value)} %`;
}
