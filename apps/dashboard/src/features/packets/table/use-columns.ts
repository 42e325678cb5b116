import { type CSSProperties, useMemo } from 'react';
import { useSnapshot } from '../../../node/live-context.tsx';
import { useStored } from '../../../ui/stored-setting.ts';
import { type ColumnChoice, tracks, visibleColumns } from './column-choice.ts';
import { columnSetting } from './column-setting.ts';
import type { ColumnKey, TableFacts } from './columns.ts';

const NODE_WIDTH = 128;
const GAP = 12;
const WIDE_GAP = 20;

/** The columns of the table now: what was chosen, and what arrives. */
export function useColumns(): { choice: ColumnChoice; facts: TableFacts; visible: readonly ColumnKey[] } {
  const choice = useStored(columnSetting);
  const manyInterfaces = useSnapshot(({ figures }) => figures.interfaces.length > 1);
  const vlanSeen = useSnapshot(({ figures }) => figures.vlanSeen);
  return useMemo(() => {
    const facts = { manyInterfaces, vlanSeen };
    return { choice, facts, visible: visibleColumns(choice, facts) };
  }, [choice, manyInterfaces, vlanSeen]);
}

/**
 * The tracks for both widths of the table: its style sheet knows which is the case. `names`: interfaces carry those of
 * their nodes, and need more room.
 */
export function columnStyle(given: ColumnChoice, visible: readonly ColumnKey[], names: boolean): CSSProperties {
  const choice = names ? { ...given, widths: { interface: NODE_WIDTH, ...given.widths } } : given;
  const narrow = tracks(visible, choice, false, GAP);
  const wide = tracks(visible, choice, true, WIDE_GAP);
  return {
    '--columns-narrow': narrow.template,
    '--columns-narrow-min': `${narrow.min}px`,
    '--columns-wide': wide.template,
    '--columns-wide-min': `${wide.min}px`,
  } as CSSProperties;
}
