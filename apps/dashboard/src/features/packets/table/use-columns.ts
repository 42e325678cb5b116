import { type CSSProperties, useMemo } from 'react';
import { useSnapshot } from '../../../node/live-context.tsx';
import { useStored } from '../../../ui/stored-setting.ts';
import { type ColumnChoice, tracks, visibleColumns } from './column-choice.ts';
import { columnSetting } from './column-setting.ts';
import type { ColumnKey, TableFacts } from './columns.ts';

const NODE_WIDTH = 128;
const GAP = 12;
const WIDE_GAP = 20;

/** Returns the columns of the table, from the setting and from the traffic. */
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
 * Returns the column tracks for narrow and wide tables; the style sheet selects one. `names`: interface names include
 * the node and need more room.
 */
export function columnStyle(stored: ColumnChoice, visible: readonly ColumnKey[], names: boolean): CSSProperties {
  const choice = names ? { ...stored, widths: { interface: NODE_WIDTH, ...stored.widths } } : stored;
  const narrow = tracks(visible, choice, false, GAP);
  const wide = tracks(visible, choice, true, WIDE_GAP);
  return {
    '--columns-narrow': narrow.template,
    '--columns-narrow-min': `${narrow.min}px`,
    '--columns-wide': wide.template,
    '--columns-wide-min': `${wide.min}px`,
  } as CSSProperties;
}
