'use client';

import type { Place } from '@packetlog/common';
import type { ReactNode } from 'react';
import { clockText } from '../lib/clock.ts';
import { formatCompact, formatCount } from '../lib/number.ts';
import { placeMark, placeWords } from '../lib/place-words.ts';
import { quietSentence } from '../lib/quiet.ts';
import type { RangeEntry, RangeLists } from '../lib/range-top.ts';
import { lastWords } from '../lib/range-words.ts';
import { useSnapshot } from '../live/live-context.tsx';
import { useAge } from '../live/use-age.ts';
import { usePlaces } from '../live/use-names.ts';
import { type Overview, useRangeLists } from '../live/use-overview.ts';
import { Measure } from './count.tsx';
import { RefusedBy } from './refused-by.tsx';
import { Sparkline } from './rules/sparkline.tsx';
import { TopList } from './top-list.tsx';
import './panels.css';

const PANELS = [
  { key: 'sources', title: 'Top sources', column: 'source', empty: 'No source yet.' },
  { key: 'ports', title: 'Top destination ports', column: 'port', empty: 'No port yet.' },
  { key: 'pairs', title: 'Who to whom', column: 'pair', empty: 'No pair yet.' },
] as const;
const MOST = 8;
const MOST_NEW = 4;

/** Who sends most, where to, and to whom, in the time that the chart shows; and what, in the last seconds. */
export function TopPanels({ overview }: { overview: Overview }) {
  const lists = useRangeLists(overview);
  const placeOf = usePlaces(lists?.sources.slice(0, MOST).map(({ key }) => key) ?? []);
  const { look } = overview;
  const seconds = lists === null ? 0 : lists.lengthMs / 1000;
  const age = useAge();
  const range =
    look === null ? lastWords(seconds * 1000, overview.range) : `${clockText(look.fromMs)} to ${clockText(look.toMs)}`;
  const span = age === null || look !== null ? range : `${range}, ${age}`;
  const figures = useSnapshot((snapshot) => snapshot.figures);
  const live = useSnapshot(({ connection }) => connection.state === 'live');
  const quiet = quietSentence({ ...figures, live, interfaces: figures.interfaces.map(({ name }) => name) });
  return (
    <>
      {figures.sampledOneOf > 1 && <Estimates oneOf={figures.sampledOneOf} />}
      <RefusedBy lists={lists} note={span} />
      {PANELS.map(({ key, title, column, empty }, i) => (
        <Panel
          ranked
          key={key}
          title={title}
          note={span}
          isEmpty={!lists?.[key].length}
          empty={(i === 0 && look === null && quiet) || (look === null ? empty : 'None in this time.')}
        >
          <TopList column={column} title={title} rate="packets per second" bar="course">
            {lists?.[key].slice(0, MOST).map((entry) => (
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
      {lists !== null && lists.newSources.length > 0 && <NewSources sources={lists.newSources} />}
      <Protocols />
    </>
  );
}

/** The counters stay exact; who and what is added up from records, and those are chosen by chance now. */
function Estimates({ oneOf }: { oneOf: number }) {
  return (
    <p className="panel-estimates" data-testid="estimates">
      Estimates: the kernel records{' '}
      <data className="font-mono" value={oneOf}>
        1 of {formatCount(oneOf)}
      </data>{' '}
      packets just now. Rates, refused packets and bytes are exact.
    </p>
  );
}

function Panel({
  ranked = false,
  title,
  note,
  isEmpty,
  empty,
  children,
}: {
  /** It keeps room for its lines while there are none. */
  ranked?: boolean;
  title: string;
  note: string;
  isEmpty: boolean;
  empty: string;
  children: ReactNode;
}) {
  return (
    <section className={ranked ? 'panel panel-ranked' : 'panel'} aria-label={title}>
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
  /** Where a source is, if that is known. */
  place?: Place | null | undefined;
}) {
  const { label, note, packets, series, isNew } = entry;
  const perSecond = packets / seconds;
  return (
    <tr data-testid="top-row">
      <th scope="row" title={[label, placeWords(place)].filter((part) => part !== '').join(', ')}>
        <span className="font-mono">{label}</span> <span className="text-faint">{note || placeMark(place)} </span>
        {isNew && <span className="text-accent">new</span>}
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

function NewSources({ sources }: { sources: RangeLists['newSources'] }) {
  const note = sources.length > MOST_NEW ? `${MOST_NEW} of ${sources.length}, newest first` : 'not seen before';
  return (
    <Panel title="New sources" note={note} isEmpty={false} empty="">
      <TopList title="New sources" column="source" bar="first seen" rate="packets">
        {sources.slice(0, MOST_NEW).map(({ addr, firstSeenMs, packets }) => (
          <tr key={addr}>
            <th scope="row" title={addr}>
              <span className="font-mono">{addr}</span>
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

function Protocols() {
  const age = useAge();
  const { protocols, seconds } = useSnapshot(({ figures }) => figures.top);
  // Bars compare the entries with each other; the share of all is in words.
  const largest = protocols[0]?.share || 1;
  return (
    <Panel
      title="Protocols"
      note={[`last ${Math.max(1, Math.round(seconds))} s`, age].filter(Boolean).join(', ')}
      isEmpty={protocols.length === 0}
      empty="None in the last seconds."
    >
      <TopList title="Protocols" column="protocol" bar="share" rate="packets per second">
        {protocols.map(({ key, label, note, packetsPerSecond, share }) => (
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
