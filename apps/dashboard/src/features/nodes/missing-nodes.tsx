'use client';

import { ConnectionMark } from '../../node/connection-mark.tsx';
import { useNodesAtAGlance } from '../../node/use-nodes.ts';
import { PageLink } from '../../ui/page-link.tsx';

/** Names the nodes that are missing in All nodes, and what that means for the figures. */
export function MissingNodes() {
  const missing = useNodesAtAGlance().filter(({ state }) => state !== 'live' && state !== 'connecting');
  const [first] = missing;
  if (first === undefined) return null;
  const names = missing.map(({ name }) => name).join(', ');
  return (
    <section className="banner appear" aria-label="Unreachable nodes" data-testid="missing-nodes">
      <span className="text-warn">
        <ConnectionMark state={first.state} />
      </span>
      <p className="min-w-0">
        {names} {missing.length === 1 ? 'is' : 'are'} missing: rates and rows cover the other nodes only. See{' '}
        <PageLink href="/nodes" className="link-button">
          Nodes
        </PageLink>{' '}
        <span className="text-muted">for the reason. Totals show the last known values.</span>
      </p>
    </section>
  );
}
