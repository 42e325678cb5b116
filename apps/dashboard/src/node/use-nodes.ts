'use client';

import { useCallback, useMemo, useSyncExternalStore } from 'react';
import type { Loader } from './connection/loader.ts';
import { nodeNames } from './connection/node-name.ts';
import { useLive } from './live-context.tsx';
import type { NodesState } from './nodes.ts';
import type { Connection } from './state/connection.ts';
import type { Snapshot, Store } from './state/store.ts';

export function useNodes(): NodesState {
  const { nodes } = useLive();
  return useSyncExternalStore(nodes.subscribe, nodes.get, nodes.getInitial);
}

export interface NodeAtAGlance {
  readonly loader: Loader;
  /** Its unique name on this page. */
  readonly name: string;
  readonly state: Connection['state'];
}

/** Returns names and states of all nodes, and renders again only when one changes. */
export function useNodesAtAGlance(): readonly NodeAtAGlance[] {
  const { loaders } = useNodes();
  const subscribe = useCallback(
    (listener: () => void) => {
      const stops = loaders.map(({ store }) => store.subscribe(listener));
      return () => {
        for (const stop of stops) stop();
      };
    },
    [loaders],
  );
  const factsOf = (snapshot: (store: Store) => Snapshot) =>
    JSON.stringify(
      loaders.map(({ name, address, store }) => {
        const { figures, connection } = snapshot(store);
        return [name, figures.hello?.node, address, connection.state];
      }),
    );
  const serialized = useSyncExternalStore(
    subscribe,
    () => factsOf((store) => store.getSnapshot()),
    () => factsOf((store) => store.initial),
  );
  return useMemo(() => {
    const facts = JSON.parse(serialized) as [string, string | null, string, Connection['state']][];
    const names = nodeNames(facts.map(([name, node, address]) => ({ name, node: node ?? undefined, address })));
    return loaders.flatMap((loader, i) => {
      const state = facts[i]?.[3];
      return state === undefined ? [] : [{ loader, name: names[i] ?? '', state }];
    });
  }, [loaders, serialized]);
}
