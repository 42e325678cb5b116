'use client';

import { ChevronDown } from 'lucide-react';
import { useLive } from '../../node/live-context.tsx';
import { ALL_NODES } from '../../node/nodes.ts';
import { useNodes, useNodesAtAGlance } from '../../node/use-nodes.ts';
import { useKeys } from '../../ui/keys/keys.ts';
import { liveCountText } from './node-text.ts';
import './node-switch.css';

/** Selects the node to show, or all of them. */
export function NodeSwitch() {
  const { nodes } = useLive();
  const { shown } = useNodes();
  const list = useNodesAtAGlance();
  const states = list.map(({ state }) => state);
  const allLive = states.every((state) => state === 'live');
  useKeys(
    'app',
    list.length < 2
      ? []
      : [
          { keys: [], name: 'Show all nodes', group: 'Nodes', run: () => void nodes.show(ALL_NODES) },
          ...list.map(({ name, loader }) => ({
            keys: [],
            name: `Show only ${name}`,
            group: 'Nodes' as const,
            keywords: loader.address,
            run: () => void nodes.show(loader.address),
          })),
        ],
  );
  return (
    <span className="node-switch">
      <select
        aria-label="Which node is shown"
        className="node-select"
        value={shown}
        data-testid="node-switch"
        onChange={(event) => void nodes.show(event.target.value)}
      >
        <option value={ALL_NODES}>All nodes</option>
        {list.map(({ loader, name, state }) => (
          <option key={loader.address} value={loader.address}>
            {name}
            {state === 'live'
              ? ''
              : ` (${state === 'lost' ? 'unreachable' : state === 'rejected' ? 'rejected' : state})`}
          </option>
        ))}
      </select>
      <ChevronDown size={12} aria-hidden="true" className="node-chevron" />
      {!allLive && (
        <span className="text-warn whitespace-nowrap" data-testid="nodes-live">
          {liveCountText(states)}
        </span>
      )}
    </span>
  );
}
