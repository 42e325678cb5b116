'use client';

import { NodeSwitch } from '../nodes/index.ts';

/** Replaces the rules while all nodes are shown. */
export function PerNodeNotice() {
  return (
    <main id="content" className="no-connection appear">
      <h2 className="text-figure font-medium tracking-[-0.01em]">Each node has its own rules.</h2>
      <p className="mt-2 mb-6 text-muted">Select a node to see or change its rules.</p>
      <NodeSwitch />
    </main>
  );
}
