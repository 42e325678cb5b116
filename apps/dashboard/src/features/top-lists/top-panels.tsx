'use client';

import type { Place } from '@packetlog/common';
import { Fragment, type ReactNode } from 'react';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { ALL_NODES } from '../../node/nodes.ts';
import { useAge } from '../../node/use-age.ts';
import { usePlaces } from '../../node/use-lookups.ts';
import { useNodes } from '../../node/use-nodes.ts';
import { clockText } from '../../text/clock.ts';
import { formatCompact, formatCount } from '../../text/number.ts';
import { placeMark, placeText } from '../../text/place-text.ts';
import { quietSentence } from '../../text/quiet-text.ts';
import { Measure } from '../../ui/count.tsx';
import { useMedia } from '../../ui/measure/use-media.ts';
import { MiddleCut } from '../../ui/middle-cut.tsx';
import { Sparkline } from '../../ui/sparkline.tsx';
import type { Overview } from '../chart/index.ts';
import { DeniedBy } from './denied-by.tsx';
import { ALL_ROWS, type PanelRows, panelHeight, panelRows } from './panel-rows.ts';
import { lastText, type RangeEntry, type RangeLists } from './range-lists.ts';
import { rangeRules } from './range-rules.ts';
import { TopList } from './top-list.tsx';
import { useRangeLists } from './use-range-lists.ts';
import './panels.css';

const PANELS = [
  { key: 'sources', title: 'Top sources', column: 'source', empty: 'No sources yet.' },
  { key: 'ports', title: 'Top destination ports', column: 'port', empty: 'No ports yet.' },
  { key: 'pairs', title: 'Top conversations', column: 'conversation', empty: 'No conversations yet.' },
] as const;
/** From this width on there is room for two columns beside the table. */
const TWO_COLUMNS = '(min-width: 2400px)';

/**
 * Top sources, ports and conversations of the chart's time range, and protocols of the last seconds. `height` is the
 * available height, px; null if the lists may scroll.
 */
export function TopPanels({ overview, height }: { overview: Overview; height: number | null }) {
  const lists = useRangeLists(overview);
  const rows = useRows(lists, height);
  const placeOf = usePlaces(lists?.sources.slice(0, rows.sources).map(({ key }) => key) ?? []);
  const { zoom } = overview;
  const seconds = lists === null ? 0 : lists.lengthMs / 1000;
  const age = useAge();
  const range =
    zoom === null ? lastText(seconds * 1000, overview.range) : `${clockText(zoom.fromMs)} to ${clockText(zoom.toMs)}`;
  const span = age === null || zoom !== null ? range : `${range}, ${age}`;
  const figures = useSnapshot((snapshot) => snapshot.figures);
  const live = useSnapshot(({ connection }) => connection.state === 'live');
  const quiet = quietSentence({ ...figures, live, interfaces: figures.interfaces.map(({ name }) => name) });
  const emptyText = (none: string) => {
    if (lists === null && !live) return 'Not available while disconnected.';
    if (zoom !== null) return 'None in this range.';
    if (figures.seen === 0) return none;
    return lists === null ? 'Loading…' : `None in the ${range}.`;
  };
  return (
    <div className="top-panels">
      {figures.sampledOneOf > 1 && <Estimates oneOf={figures.sampledOneOf} />}
      <DeniedBy lists={lists} note={span} max={rows.denied} />
      {PANELS.map(({ key, title, column, empty }, i) => (
        <Panel
          key={key}
          name={key}
          {...(height !== null && { minHeight: panelHeight(rows[key]) })}
          title={title}
          note={span}
          isEmpty={!lists?.[key].length}
          empty={(i === 0 && zoom === null && quiet) || emptyText(empty)}
        >
          <TopList column={column} title={title} rate="packets per second" bar="trend">
            {lists?.[key].slice(0, rows[key]).map((entry) => (
              <RangeRow
                key={entry.key}
                entry={entry}
                seconds={seconds}
                {...(key === 'sources' && { place: placeOf(entry.key) })}
              />
            ))}
          </TopList>
        </Panel>
      ))}
      {lists !== null && rows.fresh > 0 && lists.newSources.length > 0 && (
        <NewSources sources={lists.newSources} max={rows.fresh} />
      )}
      <Protocols max={rows.protocols} />
    </div>
  );
}

/** Returns the number of rows that each list shows. */
function useRows(lists: RangeLists | null, height: number | null): PanelRows {
  const { store } = useLive();
  const allNodes = useNodes().shown === ALL_NODES;
  const two = useMedia(TWO_COLUMNS);
  const protocols = useSnapshot(({ figures }) => figures.top.protocols.length);
  const estimated = useSnapshot(({ figures }) => figures.sampledOneOf > 1);
  if (height === null) return ALL_ROWS;
  const denied = lists === null || allNodes ? 0 : rangeRules(lists.rules, store.rules, ALL_ROWS.denied).length;
  const entries = { denied, fresh: lists?.newSources.length ?? 0, protocols };
  return panelRows(height, entries, { columns: two ? 2 : 1, estimated });
}

/** States that the lists are estimates while the kernel samples; counters stay exact. */
function Estimates({ oneOf }: { oneOf: number }) {
  return (
    <p className="panel-estimates" data-testid="estimates">
      Estimates: in the last second the kernel recorded{' '}
      <data className="font-mono" value={oneOf}>
        1 of {formatCount(oneOf)}
      </data>{' '}
      packets. Rates, denied packets and bytes are exact.
    </p>
  );
}

function Panel({
  name,
  minHeight,
  title,
  note,
  isEmpty,
  empty,
  children,
}: {
  name: string;
  /** Height to keep while there are fewer rows. */
  minHeight?: number;
  title: string;
  note: string;
  isEmpty: boolean;
  empty: string;
  children: ReactNode;
}) {
  return (
    <section className={`panel panel-${name}`} aria-label={title} style={{ minHeight }}>
      <h2 className="panel-title">
        {title}
        <span className="text-faint font-normal">{isEmpty ? '' : note}</span>
      </h2>
      {isEmpty ? <p className="panel-empty">{empty}</p> : children}
    </section>
  );
}

function RangeRow({
  entry,
  seconds,
  place = null,
}: {
  entry: RangeEntry;
  seconds: number;
  /** Country and network of a source, if known. */
  place?: Place | null | undefined;
}) {
  const { label, note, packets, series, isNew } = entry;
  const perSecond = packets / seconds;
  return (
    <tr data-testid="top-row">
      <th scope="row" title={[label, placeText(place)].filter((part) => part !== '').join(', ')}>
        <span className="top-name">
          {label.split(' → ').map((part, i) => (
            <Fragment key={part}>
              {i > 0 && <span className="font-mono whitespace-pre"> → </span>}
              <MiddleCut text={part} />
            </Fragment>
          ))}{' '}
          <span className="top-note text-faint">{note || placeMark(place)}</span>
          {isNew && <span className="ml-2 text-accent">new</span>}
        </span>
      </th>
      <td className="top-share">
        <Sparkline values={series} action="permit" width={54} height={12} />
      </td>
      <td className="top-rate" title={`${formatCount(packets)} packets`}>
        <Measure quantity={formatCompact(perSecond)} exact={perSecond} per="/s" />
      </td>
    </tr>
  );
}

function NewSources({ sources, max }: { sources: RangeLists['newSources']; max: number }) {
  const note = sources.length > max ? `${max} of ${sources.length}, newest first` : 'first seen in this range';
  return (
    <Panel name="fresh" title="New sources" note={note} isEmpty={false} empty="">
      <TopList title="New sources" column="source" bar="first seen" rate="packets">
        {sources.slice(0, max).map(({ addr, firstSeenMs, packets }) => (
          <tr key={addr}>
            <th scope="row" title={addr}>
              <MiddleCut text={addr} />
            </th>
            <td className="top-share text-faint font-mono">{clockText(firstSeenMs)}</td>
            <td className="top-rate">
              <Measure quantity={formatCompact(packets)} exact={packets} per="pkt" />
            </td>
          </tr>
        ))}
      </TopList>
    </Panel>
  );
}

function Protocols({ max }: { max: number }) {
  const age = useAge();
  const { protocols, seconds } = useSnapshot(({ figures }) => figures.top);
  // Bars compare entries with each other; the share of the total is in the text.
  const largest = protocols[0]?.share || 1;
  return (
    <Panel
      name="protocols"
      title="Protocols"
      note={[`last ${Math.max(1, Math.round(seconds))} s`, age].filter(Boolean).join(', ')}
      isEmpty={protocols.length === 0}
      empty="None in the last 10 s."
    >
      <TopList title="Protocols" column="protocol" bar="share" rate="packets per second">
        {protocols.slice(0, max).map(({ key, label, note, packetsPerSecond, share }) => (
          <tr key={key}>
            <th scope="row" title={label}>
              <span className="font-mono">{label}</span> <span className="text-faint">{note}</span>
            </th>
            <td className="top-share">
              <span className="top-bar" style={{ width: `${Math.max((share / largest) * 100, 2)}%` }} />
              <span className="sr-only">{percent(share)}</span>
            </td>
            <td className="top-rate" title={percent(share)}>
              <Measure quantity={formatCompact(packetsPerSecond)} exact={packetsPerSecond} per="/s" />
            </td>
          </tr>
        ))}
      </TopList>
    </Panel>
  );
}

function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 1 ? '<1' : Math.round(value)} %`;
}
