'use client';

import { useState } from 'react';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { ALL_NODES } from '../../node/nodes.ts';
import type { TimeSpan } from '../../node/past/past.ts';
import { useAge } from '../../node/use-age.ts';
import { useHasPlaces, usePlaces } from '../../node/use-lookups.ts';
import { useNodes } from '../../node/use-nodes.ts';
import { rangeText } from '../../text/calendar-text.ts';
import { clockText } from '../../text/clock.ts';
import { NO_FILTER } from '../../text/filter-text.ts';
import { counted, formatCompact, formatCount } from '../../text/number.ts';
import { quietSentence } from '../../text/quiet-text.ts';
import { Measure } from '../../ui/count.tsx';
import { useMedia } from '../../ui/measure/use-media.ts';
import { MiddleCut } from '../../ui/middle-cut.tsx';
import { useStored } from '../../ui/stored-setting.ts';
import type { Overview } from '../chart/index.ts';
import { useMayChange, useRulesView } from '../rules/index.ts';
import { DeniedBy } from './denied-by.tsx';
import { DenyForm } from './deny-form.tsx';
import { ENTRY_FILTER } from './entry-filter.ts';
import { FilterButton } from './filter-button.tsx';
import { GroupChoice } from './group-choice.tsx';
import { GroupedSources } from './grouped-sources.tsx';
import { Panel } from './panel.tsx';
import { ALL_ROWS, type PanelRows, panelHeight, panelRows } from './panel-rows.ts';
import { type DenyTarget, type ListName, lastText, type RangeLists } from './range-lists.ts';
import { OthersRow, percent, RangeRow, shownEntries } from './range-row.tsx';
import { rangeRules } from './range-rules.ts';
import { groupingProblem, groupingSetting } from './source-grouping.ts';
import { TopList } from './top-list.tsx';
import { useRangeLists } from './use-range-lists.ts';
import './panels.css';

const PANELS = [
  { key: 'sources', title: 'Top sources', column: 'source', empty: 'No sources yet.', noun: 'source' },
  { key: 'ports', title: 'Top destination ports', column: 'port', empty: 'No ports yet.', noun: 'port' },
  {
    key: 'pairs',
    title: 'Top address pairs',
    column: 'pair',
    empty: 'No pairs yet.',
    noun: 'pair',
  },
] as const;
/** With fewer interfaces, their list would say nothing. */
const MIN_INTERFACES = 2;
/** From this width on there is room for two columns beside the table. */
const TWO_COLUMNS = '(min-width: 2400px)';

/**
 * Top sources, ports and address pairs of the chart's time range, and protocols of the last seconds. `height` is the
 * available height, px; null if the lists may scroll.
 */
export function TopPanels({ overview, height }: { overview: Overview; height: number | null }) {
  const grouping = useGrouping(overview);
  const { lists, groups, groupsProblem, uncounted, isLoading, problem } = useRangeLists(overview, grouping);
  const canDeny = useMayChange() && useRulesView() !== null;
  const [denied, setDenied] = useState<DenyTarget | null>(null);
  const deny = canDeny ? setDenied : null;
  const rows = useRows(lists, height);
  const placeOf = usePlaces(lists?.sources.slice(0, rows.sources).map(({ key }) => key) ?? []);
  const { zoom, selection } = overview;
  const isRecorded = selection !== null && !selection.isLive;
  const today = useSnapshot(({ figures: { wallMs } }) => Math.floor(wallMs / 60_000) * 60_000);
  const seconds = lists === null ? 0 : lists.lengthMs / 1000;
  const age = useAge();
  const range = zoom === null ? lastText(seconds * 1000, overview.range) : zoomNote(zoom, today);
  const span = age === null || zoom !== null ? range : `${range}, ${age}`;
  // The line above the chart names a range of recorded packets.
  const shownSpan = isRecorded && zoom !== null ? '' : span;
  const figures = useSnapshot((snapshot) => snapshot.figures);
  const live = useSnapshot(({ connection }) => connection.state === 'live');
  const quiet = quietSentence({ ...figures, live, interfaces: figures.interfaces.map(({ name }) => name) });
  const emptyText = (none: string) => {
    if (lists === null && !live) return 'Not available while disconnected.';
    if (problem !== null) return problem;
    if (isLoading) return 'Loading…';
    if (selection !== null && selection.filter !== NO_FILTER) return 'No packets match.';
    if (zoom !== null) return 'None in this range.';
    if (figures.seen === 0) return none;
    return lists === null ? 'Loading…' : `None in the ${range}.`;
  };
  return (
    <div className="top-panels" aria-busy={isLoading} data-recorded={isRecorded}>
      {figures.sampledOneOf > 1 && selection === null && <Estimates oneOf={figures.sampledOneOf} />}
      <Uncounted records={uncounted} />
      <DeniedBy lists={lists} note={shownSpan} max={rows.denied} />
      {grouping !== 'address' && (
        <GroupedSources
          by={grouping}
          groups={groups}
          problem={groupsProblem ?? problem}
          none={emptyText('No sources yet.')}
          span={shownSpan === '' ? '' : lastText(overview.range.ms, overview.range)}
          max={rows.sources}
          minHeight={height === null ? undefined : panelHeight(rows.sources)}
          deny={deny}
        />
      )}
      {PANELS.filter(({ key }) => key !== 'sources' || grouping === 'address').map(
        ({ key, title, column, empty, noun }) => (
          <Panel
            key={key}
            name={key}
            {...(height !== null && { minHeight: panelHeight(rows[key]) })}
            title={title}
            {...(key === 'sources' && { control: <GroupChoice grouping={grouping} /> })}
            note={listNote(lists, key, noun, shownSpan)}
            isEmpty={!lists?.[key].length}
            empty={(key === 'sources' && zoom === null && !isRecorded && problem === null && quiet) || emptyText(empty)}
          >
            <TopList
              column={column}
              title={title}
              rate={isRecorded ? 'packets' : 'packets per second'}
              bar={isRecorded ? 'share' : 'trend'}
            >
              {shownEntries(lists?.[key] ?? [], lists?.totals?.[key] ?? null, rows[key]).map((entry) => (
                <RangeRow
                  key={entry.key}
                  entry={entry}
                  seconds={seconds}
                  total={lists?.totals?.[key] ?? null}
                  deny={deny}
                  {...(key === 'sources' && { place: placeOf(entry.key) })}
                />
              ))}
              <Others lists={lists} name={key} max={rows[key]} />
            </TopList>
          </Panel>
        ),
      )}
      {lists !== null && rows.fresh > 0 && lists.newSources.length > 0 && (
        <NewSources sources={lists.newSources} max={rows.fresh} />
      )}
      {isRecorded && <Interfaces lists={lists} max={rows.protocols} seconds={seconds} deny={deny} />}
      {/* The protocols of the last seconds are those of all packets. */}
      {selection === null && <Protocols max={rows.protocols} />}
      {denied !== null && <DenyForm target={denied} onClose={() => setDenied(null)} />}
    </div>
  );
}

/** Returns the grouping that was chosen, as far as it is possible here. */
function useGrouping({ recorder }: Overview) {
  const chosen = useStored(groupingSetting);
  const hasPlaces = useHasPlaces();
  return groupingProblem(chosen, recorder, hasPlaces) === null ? chosen : 'address';
}

/** Names the range of a list: '21:03:10 to 21:04:00', with its day unless that is today. */
function zoomNote(zoom: TimeSpan, nowMs: number): string {
  return rangeText(zoom, nowMs).replace(/ today$/, '');
}

/** Returns the number of all values, if the recorder counted them, and the range: '1,203 sources, last 24 h'. */
function listNote(lists: RangeLists | null, name: ListName, noun: string, span: string): string {
  const total = lists?.totals?.[name];
  const number = total === undefined ? '' : `${total.isAtMost ? 'at most ' : ''}${counted(total.distinct, noun)}`;
  return [number, span].filter(Boolean).join(', ');
}

function Others({ lists, name, max }: { lists: RangeLists | null; name: ListName; max: number }) {
  const total = lists?.totals?.[name];
  if (lists === null || total === undefined) return null;
  const shown = shownEntries(lists[name], total, max);
  if (total.distinct <= shown.length) return null;
  const listed = shown.reduce((sum, { packets }) => sum + packets, 0);
  return (
    <OthersRow
      packets={total.packets - listed}
      distinct={total.distinct - shown.length}
      isAtMost={total.isAtMost}
      of={total.packets}
    />
  );
}

/** Interfaces of recorded packets, if there are several. */
function Interfaces({
  lists,
  max,
  seconds,
  deny,
}: {
  lists: RangeLists | null;
  max: number;
  seconds: number;
  deny: ((target: DenyTarget) => void) | null;
}) {
  if (lists === null || lists.interfaces.length < MIN_INTERFACES) return null;
  return (
    <Panel name="interfaces" title="Interfaces" note="" isEmpty={false} empty="">
      <TopList title="Interfaces" column="interface" bar="share" rate="packets">
        {lists.interfaces.slice(0, Math.max(MIN_INTERFACES, max)).map((entry) => (
          <RangeRow
            key={entry.key}
            entry={entry}
            seconds={seconds}
            total={lists.totals?.interfaces ?? null}
            deny={deny}
          />
        ))}
      </TopList>
    </Panel>
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
  // Recorded packets have a list of interfaces in place of protocols, if there are several.
  const interfaces = lists === null || lists.interfaces.length < MIN_INTERFACES ? 0 : lists.interfaces.length;
  const others = lists?.totals ? interfaces : protocols;
  const entries = { denied, fresh: lists?.newSources.length ?? 0, protocols: others };
  const hasNote = lists?.totals ? lists.uncounted > 0 : estimated;
  return panelRows(height, entries, { columns: two ? 2 : 1, estimated: hasNote });
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

/** States that the lists and their numbers of values are incomplete. */
function Uncounted({ records }: { records: number }) {
  if (records === 0) return null;
  return (
    <p className="panel-estimates" data-testid="uncounted">
      Too many different values to count each one: {counted(records, 'more record')} are in others. Narrow the range or
      the filter.
    </p>
  );
}

function NewSources({ sources, max }: { sources: RangeLists['newSources']; max: number }) {
  const note = sources.length > max ? `${max} of ${sources.length}, newest first` : 'first seen in this range';
  return (
    <Panel name="fresh" title="New sources" note={note} isEmpty={false} empty="">
      <TopList title="New sources" column="source" bar="first seen" rate="packets">
        {sources.slice(0, max).map(({ addr, firstSeenMs, packets }) => (
          <tr key={addr}>
            <th scope="row">
              <FilterButton label={addr} filter={ENTRY_FILTER.source(addr)} about={addr}>
                <MiddleCut text={addr} />
              </FilterButton>
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
