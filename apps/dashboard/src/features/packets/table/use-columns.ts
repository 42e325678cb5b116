import { type CSSProperties, useMemo } from 'react';
import { useSnapshot } from '../../../node/live-context.tsx';
import { useStored } from '../../../ui/stored-setting.ts';
import { type ColumnChoice, tracks, visibleColumns } from './column-choice.ts';
import { columnSetting } from './column-setting.ts';
import type { ColumnKey, TableFacts } from './columns.ts';

const NODE_WIDTH = 128;
/** Of a time with its day. */
export const DAY_WIDTH = 144;
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
 * Returns the column tracks for narrow and wide tables; the style sheet selects one. More room is needed where interface
 * names include the node (`names`), and times their day (`days`).
 */
export function columnStyle(
  stored: ColumnChoice,
  visible: readonly ColumnKey[],
  { names, days }: { names: boolean; days: boolean },
): CSSProperties {
  const needed = { ...(names && { interface: NODE_WIDTH }), ...(days && { time: DAY_WIDTH }) };
  const choice = { ...stored, widths: { ...needed, ...stored.widths } };
  const narrow = tracks(visible, choice, false, GAP);
  const wide = tracks(visible, choice, true, WIDE_GAP);
  return {
    '--columns-narrow': narrow.template,
    '--columns-narrow-min': `${narrow.min}px`,
    '--columns-wide': wide.template,
    '--columns-wide-min': `${wide.min}px`,
  } as CSSProperties;
}
