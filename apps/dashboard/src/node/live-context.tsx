'use client';

import { createContext, type ReactNode, useContext, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { AddressBar } from './address-bar.ts';
import { clearHandshakeTarget, readHandshakeTarget } from './connection/handshake-target.ts';
import type { View } from './connection/node-view.ts';
import { FilterChoice } from './filter-choice.ts';
import { FLEET, Nodes } from './nodes.ts';
import { RangeChoice } from './range-choice.ts';
import type { Snapshot } from './state/store.ts';

interface Live extends View {
  readonly filter: FilterChoice;
  /** The range of the past that is shown. */
  readonly range: RangeChoice;
  readonly address: AddressBar;
  readonly nodes: Nodes;
}

type Choices = Pick<Live, 'filter' | 'range' | 'address' | 'nodes'>;

/**
 * The nodes of the page, connected when this module runs: the loader answers while React still hydrates. null while the
 * page is prerendered.
 */
const pageChoices = typeof document === 'undefined' ? null : connected();

function unconnected(): Choices {
  const address = new AddressBar();
  return { address, nodes: new Nodes(), filter: new FilterChoice(address), range: new RangeChoice(address) };
}

function connected(): Choices {
  const choices = unconnected();
  const { nodes, filter, range, address } = choices;
  filter.readAddress();
  range.readAddress();
  nodes.open(filter.text, address.read().node);
  return choices;
}

const LiveContext = createContext<Live | null>(null);

/** Owns nodes and connections while the page is open, and provides the selected node's view. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [choices] = useState(() => pageChoices ?? unconnected());
  const { nodes, filter, range, address } = choices;
  const { view } = useSyncExternalStore(nodes.subscribe, nodes.get, nodes.getInitial);

  useEffect(() => {
    // Pasting the printed URL into an open tab changes only the hash.
    const onHash = () => {
      filter.readAddress();
      range.readAddress();
      const { node } = address.read();
      // Of a hub, an address without a node is that of the fleet.
      const wanted = node ?? (nodes.get().hub !== null && location.pathname === '/' ? FLEET : null);
      if (wanted !== null && wanted !== nodes.wanted) void nodes.show(wanted);
      if (!location.hash.includes('token=')) return;
      const target = readHandshakeTarget();
      // First, so that a connection that fails does not leave the token in the address.
      clearHandshakeTarget();
      nodes.openHome(target);
    };
    if (!nodes.isOpen) nodes.open(filter.text, address.read().node);
    clearHandshakeTarget();
    const stopFiltering = filter.onChange(() => nodes.setFilter(filter.text));
    window.addEventListener('hashchange', onHash);
    return () => {
      window.removeEventListener('hashchange', onHash);
      stopFiltering();
      nodes.close();
    };
  }, [nodes, filter, range, address]);

  const live = useMemo<Live>(
    () => ({
      ...choices,
      store: view.store,
      lookups: view.lookups,
      retry: () => view.retry(),
      setPaused: (paused) => view.setPaused(paused),
      step: (rows) => view.step(rows),
      top: (...span) => view.top(...span),
      ask: (...request) => view.ask(...request),
      askPast: view.askPast,
      askDefence: view.askDefence,
    }),
    [choices, view],
  );
  return <LiveContext.Provider value={live}>{children}</LiveContext.Provider>;
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === null) throw new Error('useLive outside of LiveProvider');
  return live;
}

/** Returns a part of the snapshot, and renders again only when that part changes. */
export function useSnapshot<T>(select: (snapshot: Snapshot) => T): T {
  const { store } = useLive();
  const get = () => select(store.getSnapshot());
  return useSyncExternalStore(store.subscribe, get, () => select(store.initial));
}
