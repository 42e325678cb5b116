'use client';

import dynamic from 'next/dynamic';
import { useState, useSyncExternalStore } from 'react';
import { useLive } from '../../node/live-context.tsx';
import { ALL_NODES } from '../../node/nodes.ts';
import { useNodes, useNodesAtAGlance } from '../../node/use-nodes.ts';
import { useKeys } from '../../ui/keys/keys.ts';
import { NodeRow } from './node-row.tsx';
import './nodes-page.css';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';

const NodeSheet = dynamic(async () => (await lazyWithRetry(() => import('./node-sheet.tsx'))).NodeSheet);

const never = () => () => {};
const inBrowser = () => true;
const whenBuilt = () => false;

/** All nodes and their current state. Unreachable nodes stay in the list. */
export function NodesPage() {
  const { nodes } = useLive();
  const { shown } = useNodes();
  const list = useNodesAtAGlance();
  // The first render in the browser must equal the prerendered page, which has no addresses.
  const isInBrowser = useSyncExternalStore(never, inBrowser, whenBuilt);
  /** Address of the node that is edited, '' for a new one. */
  const [edited, setEdited] = useState<string | null>(null);
  useKeys('page', [
    { keys: ['a'], name: 'Add a node…', group: 'Nodes', keywords: 'loader server', run: () => setEdited('') },
  ]);
  return (
    <main id="content" className="nodes-page" data-testid="nodes-page">
      <header className="nodes-head">
        <div>
          <h2 className="nodes-title">Nodes</h2>
          <p className="text-muted">
            Each node is a loader with its own packets, rules and counters. The list is stored only in this browser.
          </p>
        </div>
        <div className="nodes-actions">
          {list.length > 1 && (
            <button
              type="button"
              className="button"
              aria-pressed={shown === ALL_NODES}
              onClick={() => void nodes.show(ALL_NODES)}
            >
              {shown === ALL_NODES ? 'All nodes shown' : 'Show all nodes'}
            </button>
          )}
          <button type="button" className="button button-accent" data-testid="add-node" onClick={() => setEdited('')}>
            Add a node…
          </button>
        </div>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls on a narrow screen */}
      <section className="nodes-list" aria-label="All nodes" tabIndex={0}>
        <table className="nodes-table">
          <caption className="sr-only">Nodes and their state</caption>
          <thead>
            <tr>
              <th scope="col">node</th>
              <th scope="col">state</th>
              <th scope="col">packets/s</th>
              <th scope="col">denied/s</th>
              <th scope="col">rows lost</th>
              <th scope="col">interfaces</th>
              <th scope="col">version</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {isInBrowser &&
              list.map(({ loader, name }) => (
                <NodeRow
                  key={loader.address}
                  loader={loader}
                  name={name}
                  shown={shown === loader.address}
                  onEdit={() => setEdited(loader.address)}
                />
              ))}
          </tbody>
        </table>
        {list.length === 1 && (
          <p className="nodes-alone">No other nodes. Add one to see it here, alone or together with this one.</p>
        )}
      </section>
      {edited !== null && <NodeSheet address={edited} onClose={() => setEdited(null)} />}
    </main>
  );
}
