'use client';

import { createContext, type ReactNode, useContext, useMemo, useSyncExternalStore } from 'react';
import { useLive } from '../live-context.tsx';
import type { NodeWithout } from '../messages/past-events.ts';
import { RecordRing } from '../rows/record-ring.ts';
import type { ShownRows } from '../rows/shown-rows.ts';

/** How far recorded rows are loaded. `full`: there is no room for more. */
export type PastRowsState = {
  /** Of several nodes, those whose rows are not among them. */
  readonly without?: readonly NodeWithout[] | undefined;
} & (
  | { readonly step: 'loading' | 'more' | 'complete' | 'full' }
  | { readonly step: 'failed'; readonly message: string; readonly retryMs: number | undefined }
);

/** Where a table gets its rows from. */
export interface RowSource {
  readonly rows: ShownRows;
  readonly interfaceName: (ifindex: number) => string | undefined;
  readonly subscribe: (listener: () => void) => () => void;
  /** Changes when the shown rows have changed. */
  readonly version: () => number;
  /** Call after a change of the selection or of the held rows. */
  readonly changed: () => void;
  /** Whether the rows are of more than one day, so that each shows its day. */
  readonly isOfDays?: boolean;
  /** Loads older rows, if there are any. */
  readonly loadOlder?: () => void;
  /** Of recorded rows: how many are loaded, and why not all. */
  readonly state?: PastRowsState;
}

const EMPTY = new RecordRing(1);

/** Recorded rows before the first answer. */
export const NO_ROWS: RowSource = {
  state: { step: 'loading' },
  rows: {
    live: EMPTY,
    shown: EMPTY,
    selected: null,
    scrolled: false,
    paused: false,
    newRows: 0,
    has: () => false,
    select: () => {},
    setScrolled: () => {},
  },
  interfaceName: () => undefined,
  subscribe: () => () => {},
  version: () => 0,
  changed: () => {},
};

const RowsContext = createContext<RowSource | null>(null);

/** Provides recorded rows; with null, the rows that arrive. */
export function RowsProvider({ source, children }: { source: RowSource | null; children: ReactNode }) {
  return <RowsContext.Provider value={source}>{children}</RowsContext.Provider>;
}

export function useRows(): RowSource {
  const recorded = useContext(RowsContext);
  const { store } = useLive();
  const arriving = useMemo<RowSource>(
    () => ({
      rows: store.state.rows,
      interfaceName: store.state.interfaceName,
      subscribe: store.subscribe,
      version: () => store.getSnapshot().rowsVersion,
      changed: () => store.rowsChanged(),
    }),
    [store],
  );
  return recorded ?? arriving;
}

/** Returns what `read` returns of the rows, and renders again when that changes. */
export function useRowState<T>(read: (rows: ShownRows) => T): T {
  const { rows, subscribe } = useRows();
  const get = () => read(rows);
  return useSyncExternalStore(subscribe, get, get);
}

/** Renders again when the shown rows have changed. */
export function useRowsVersion(): number {
  const { subscribe, version } = useRows();
  return useSyncExternalStore(subscribe, version, version);
}

/** Returns how far recorded rows are loaded, and renders again when that changes; undefined for rows that arrive. */
export function usePastRowsState(): PastRowsState | undefined {
  const source = useRows();
  const get = () => source.state;
  return useSyncExternalStore(source.subscribe, get, get);
}
