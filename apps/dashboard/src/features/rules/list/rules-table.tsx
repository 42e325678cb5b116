// biome-ignore-all lint/a11y/useSemanticElements: windowed rows are positioned absolutely, which table elements do not allow; ARIA roles describe them
// biome-ignore-all lint/a11y/useFocusableInteractive: rows and headers of a plain table are not interactive; its buttons are
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: scroll containers must be reachable by keyboard
'use client';

import { ArrowDown, ArrowUp } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { ListedRule } from '../../../node/state/rules-state.ts';
import { indexesOf } from '../../../ui/measure/row-window.ts';
import { useWindow } from '../../../ui/measure/use-window.ts';
import { type ListChoice, type SortKey, sortedBy } from './listed-rules.ts';
import { RuleRow } from './rule-row.tsx';
import './rules-table.css';

const ROW_HEIGHT = 32;
const COMPACT_ROW_HEIGHT = 56;
/** Below this width of the table, px, a rule takes two lines: the columns and gaps need 1202 px. */
const ONE_LINE_FROM = 1202;

interface Column {
  readonly key: string;
  readonly label: string;
  readonly title: string;
  readonly sort?: SortKey;
}

const COLUMNS: readonly Column[] = [
  { key: 'id', label: 'rule', title: 'Number of the rule; each record that it decided carries it', sort: 'id' },
  { key: 'action', label: 'action', title: 'permit wins over deny, deny over observe' },
  { key: 'match', label: 'match', title: 'Source, destination service and interface' },
  {
    key: 'rate',
    label: 'hits, last 60 s',
    title: 'Packets it decided in each of the last 60 s, and in the last second',
    sort: 'rate',
  },
  { key: 'packets', label: 'packets', title: 'Packets it decided since it was added, exact', sort: 'packets' },
  { key: 'bytes', label: 'bytes', title: 'Their bytes', sort: 'bytes' },
  { key: 'seen', label: 'last hit', title: 'When it last decided a packet', sort: 'last_seen' },
  { key: 'expires', label: 'expiry', title: 'Time until the rule expires', sort: 'expires' },
  { key: 'reason', label: 'reason', title: 'The reason that its author gave' },
  { key: 'by', label: 'author', title: 'Author of the rule' },
  { key: 'tools', label: '', title: '' },
];

/** The listed rules, windowed. */
export function RulesTable({
  rules,
  choice,
  onChoice,
  onOpen,
  onEdit,
  onRemove,
}: {
  rules: readonly ListedRule[];
  choice: ListChoice;
  onChoice: (choice: ListChoice) => void;
  onOpen: (id: number) => void;
  onEdit: (id: number) => void;
  onRemove: (id: number) => void;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const [compact, setCompact] = useState(false);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = () => setCompact(element.clientWidth < ONE_LINE_FROM);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const height = compact ? COMPACT_ROW_HEIGHT : ROW_HEIGHT;
  const inSight = useWindow(scroller, rules.length, height);
  // Scrolls to the top when the choice changes.
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 });
  }, [choice]);
  return (
    <div
      role="table"
      aria-label="Rules"
      aria-rowcount={rules.length + 1}
      aria-colcount={COLUMNS.length}
      className="rules-table"
      data-compact={compact}
      data-testid="rules-table"
    >
      <div role="rowgroup" className="rules-table-head">
        <div role="row" aria-rowindex={1} className="rule-line rule-line-head">
          {COLUMNS.map((column) => (
            <ColumnHead key={column.key} column={column} choice={choice} onChoice={onChoice} />
          ))}
        </div>
      </div>
      <div ref={scroller} role="rowgroup" className="rules-table-body" tabIndex={0}>
        <div role="presentation" className="table-space" style={{ height: rules.length * height }}>
          {indexesOf(inSight).map((index) => {
            const rule = rules[index];
            return rule === undefined ? null : (
              <RuleRow
                key={rule.id}
                rule={rule}
                top={index * height}
                position={index + 2}
                onOpen={onOpen}
                onEdit={onEdit}
                onRemove={onRemove}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

function ColumnHead({
  column: { key, label, title, sort },
  choice,
  onChoice,
}: {
  column: Column;
  choice: ListChoice;
  onChoice: (choice: ListChoice) => void;
}) {
  const sorted = sort !== undefined && choice.sort === sort;
  const Arrow = choice.descending ? ArrowDown : ArrowUp;
  return (
    <span
      role="columnheader"
      className={`rule-${key}`}
      title={title}
      {...(sorted && { 'aria-sort': choice.descending ? 'descending' : 'ascending' })}
    >
      {sort === undefined ? (
        label || <span className="sr-only">edit and remove</span>
      ) : (
        <button type="button" className="column-sort" onClick={() => onChoice(sortedBy(choice, sort))}>
          {sorted && <Arrow size={11} aria-hidden="true" />}
          {label}
        </button>
      )}
    </span>
  );
}
