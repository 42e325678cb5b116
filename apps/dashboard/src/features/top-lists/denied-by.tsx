'use client';

import { Filter } from 'lucide-react';
import { useLive } from '../../node/live-context.tsx';
import { ALL_NODES } from '../../node/nodes.ts';
import { useNodes } from '../../node/use-nodes.ts';
import { RULE_VERDICT } from '../../text/action-text.ts';
import { formatCompact, formatCount } from '../../text/number.ts';
import { ruleAddress } from '../../text/rule-address.ts';
import { VERDICT_TEXT } from '../../text/verdict-text.ts';
import { Measure } from '../../ui/count.tsx';
import { VerdictMark } from '../../ui/marks.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { Sparkline } from '../../ui/sparkline.tsx';
import { useRulesView } from '../rules/index.ts';
import { ENTRY_FILTER, withEntry } from './entry-filter.ts';
import type { RangeLists } from './range-lists.ts';
import { rangeRules } from './range-rules.ts';
import { TopList } from './top-list.tsx';
import './panels.css';

function FilterByRule({ id }: { id: number }) {
  const { filter } = useLive();
  const filterBy = () => {
    const next = withEntry(filter.text, ENTRY_FILTER.rule(id), true);
    if (next !== null) filter.apply(next);
  };
  const label = `Show only packets of rule ${id}`;
  return (
    <button type="button" className="top-action" aria-label={label} title={label} onClick={filterBy}>
      <Filter size={12} aria-hidden="true" />
    </button>
  );
}

/** Rules that denied, or would deny, in the time range. Hidden if none did. */
export function DeniedBy({ lists, note, max }: { lists: RangeLists | null; note: string; max: number }) {
  const { store } = useLive();
  const { shown } = useNodes();
  useRulesView();
  // Rule numbers are per node, so sums over nodes would mix rules.
  const rules = lists === null || shown === ALL_NODES ? [] : rangeRules(lists.rules, store.rules, max);
  if (lists === null || rules.length === 0) return null;
  const seconds = lists.lengthMs / 1000;
  const isRecorded = lists.totals !== null;
  return (
    <section className="panel panel-denied" aria-label="Denied by">
      <h2 className="panel-title">
        Denied by
        <span className="text-faint font-normal">{note}</span>
      </h2>
      <TopList
        title="Rules that denied, or would deny, the most packets"
        column="rule"
        bar="trend"
        rate={isRecorded ? 'packets' : 'packets per second'}
      >
        {rules.map(({ id, name, action, label, title, packets, series }) => (
          <tr key={id}>
            {/* The label takes the room of the trend. */}
            <th scope="row" title={title} colSpan={action === 'observe' ? 2 : 1}>
              <span className="inline-flex items-center gap-2 max-w-full">
                {action !== null && <VerdictMark verdict={RULE_VERDICT[action]} />}
                <PageLink href={ruleAddress(id)} className="rule-link font-mono truncate">
                  {name} <span className="font-sans">{label}</span>
                </PageLink>
                {action === 'observe' && <span className="text-warn shrink-0">{VERDICT_TEXT.would_deny.label}</span>}
                <FilterByRule id={id} />
              </span>
            </th>
            {action !== 'observe' && (
              <td className="top-share">
                <Sparkline values={series} action={action ?? 'permit'} width={54} height={12} />
              </td>
            )}
            <td className="top-rate" title={`${formatCount(packets)} packets`}>
              {isRecorded ? (
                <Measure quantity={formatCompact(packets)} exact={packets} per="pkt" />
              ) : (
                <Measure quantity={formatCompact(packets / seconds)} exact={packets / seconds} per="/s" />
              )}
            </td>
          </tr>
        ))}
      </TopList>
    </section>
  );
}
