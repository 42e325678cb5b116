/** Height of a panel without rows, px, as in panels.css. */
const PANEL = 43;
const ROW = 24;
/** Height of the note about estimates, px. */
const ESTIMATES = 62;

/** Entries of each list. */
export interface PanelEntries {
  readonly denied: number;
  readonly fresh: number;
  readonly protocols: number;
}

/** Rows to show of each list. Sources, ports and conversations keep their room while they are empty. */
export interface PanelRows extends PanelEntries {
  readonly sources: number;
  readonly ports: number;
  readonly pairs: number;
}

/** Entries that the loader sends per list. */
const MAX_RANKED = 10;
const MIN_RANKED = 2;
const MAX = { denied: 5, fresh: 4, protocols: 6 };
/** Rows if the height is not limited. */
export const ALL_ROWS: PanelRows = { ...MAX, sources: 8, ports: 8, pairs: 8 };

/**
 * Rows of each list that fit into `height` without cutting one. With two columns: sources beside ports, conversations
 * beside protocols, denied-by beside new sources. If the minimum does not fit, new sources are dropped first; the rest
 * scrolls.
 */
export function panelRows(
  height: number,
  entries: PanelEntries,
  { columns, estimated }: { columns: 1 | 2; estimated: boolean },
): PanelRows {
  const denied = Math.min(entries.denied, MAX.denied);
  const protocols = Math.min(Math.max(entries.protocols, 1), MAX.protocols);
  const room = height - (estimated ? ESTIMATES : 0);
  const rankedGroups = columns === 1 ? 3 : 2;
  const left = (fresh: number) => {
    const others = columns === 1 ? [denied, fresh, protocols] : [Math.max(denied, fresh)];
    const shown = others.filter((rows) => rows > 0);
    const rows = shown.reduce((sum, each) => sum + each, 0);
    return Math.floor((room - (rankedGroups + shown.length) * PANEL) / ROW) - rows;
  };
  const wanted = Math.min(entries.fresh, MAX.fresh);
  const fresh = left(wanted) >= rankedGroups * MIN_RANKED ? wanted : 0;
  // The remainder goes to the first lists.
  const ranked = (group: number) =>
    Math.min(MAX_RANKED, Math.max(MIN_RANKED, Math.floor((left(fresh) + rankedGroups - 1 - group) / rankedGroups)));
  const sources = ranked(0);
  return {
    denied,
    fresh,
    protocols,
    sources,
    ports: columns === 1 ? ranked(1) : sources,
    pairs: ranked(rankedGroups - 1),
  };
}

/** Returns the height of a list with this many rows, px. */
export function panelHeight(rows: number): number {
  return PANEL + rows * ROW;
}
